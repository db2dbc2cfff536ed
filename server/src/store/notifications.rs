use domain::Timestamp;
use domain::command::Command;
use domain::device::Platform;
use domain::live::Bell;
use domain::notification::{News, Notification, NotificationId};
use domain::passcode::{Maker, PasscodePolicy};
use domain::person::PersonId;
use domain::ports::StoreError;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::names::Named;
use super::sqlite::SqliteStore;
use crate::database::Tx;

impl SqliteStore {
    pub(super) async fn select_notifications(
        &self,
        person: PersonId,
        after: i64,
    ) -> Result<Vec<Notification>, StoreError> {
        let rows = sqlx::query(
            "SELECT n.cursor, n.id, n.news, n.at, n.read_at, c.device, c.device_name, c.platform, c.min_length, c.maker
             FROM notifications n JOIN commands c ON c.id = n.command
             WHERE n.person = ? AND n.cursor > ? ORDER BY n.cursor DESC LIMIT 100",
        )
        .bind(person.0)
        .bind(after)
        .fetch_all(&self.database.reads)
        .await?;
        rows.iter().map(notification_from).collect()
    }

    pub(super) async fn select_bell(&self, person: PersonId) -> Result<Bell, StoreError> {
        let row = sqlx::query(
            "SELECT count(*) FILTER (WHERE read_at IS NULL) AS unread, coalesce(max(cursor), 0) AS cursor
             FROM notifications WHERE person = ?",
        )
        .bind(person.0)
        .fetch_one(&self.database.reads)
        .await?;
        Ok(Bell { unread: row.try_get("unread")?, cursor: row.try_get("cursor")? })
    }

    pub(super) async fn update_read(
        &self,
        person: PersonId,
        up_to: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        sqlx::query(
            "UPDATE notifications SET read_at = ? WHERE person = ? AND cursor <= ? AND read_at IS NULL",
        )
        .bind(now.0)
        .bind(person.0)
        .bind(up_to)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }
}

/// One a command: its id is the command's, so that a second one cannot be written.
pub(super) async fn notify(
    tx: &mut Tx,
    command: &Command,
    news: News,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO notifications (id, person, command, news, at) VALUES (?, ?, ?, ?, ?)")
        .bind(command.id.0)
        .bind(command.person.0)
        .bind(command.id.0)
        .bind(news.name())
        .bind(now.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn notification_from(row: &SqliteRow) -> Result<Notification, StoreError> {
    let platform = Platform::parse(row.try_get("platform")?)?;
    let maker = Maker::parse(row.try_get("maker")?)?;
    let policy = PasscodePolicy { min_length: row.try_get("min_length")?, maker };
    Ok(Notification {
        id: NotificationId(row.try_get("id")?),
        cursor: row.try_get("cursor")?,
        device: row.try_get::<String, _>("device")?.parse()?,
        device_name: row.try_get("device_name")?,
        platform,
        leaves_passcode: policy.leaves_passcode(platform),
        news: News::parse(row.try_get("news")?)?,
        at: Timestamp(row.try_get("at")?),
        read: row.try_get::<Option<i64>, _>("read_at")?.is_some(),
    })
}

use domain::Timestamp;
use domain::command::Command;
use domain::device::Platform;
use domain::live::Bell;
use domain::notification::{News, Notification, NotificationId};
use domain::passcode::{Maker, PasscodePolicy};
use domain::person::PersonId;
use domain::ports::StoreError;

use super::names::Named;
use super::sql::SqlStore;
use crate::database::{Row, Tx, query};

impl SqlStore {
    pub(super) async fn select_notifications(
        &self,
        person: PersonId,
        after: i64,
    ) -> Result<Vec<Notification>, StoreError> {
        let rows = query(
            "SELECT n.cursor, n.id, n.news, n.at, n.read_at, c.device, c.device_name, c.platform, c.min_length, c.maker
             FROM notifications n JOIN commands c ON c.id = n.command
             WHERE n.person = $1 AND n.cursor > $2 ORDER BY n.cursor DESC LIMIT 100",
        )
        .bind(person.0)
        .bind(after)
        .fetch_all(&self.database)
        .await?;
        rows.iter().map(notification_from).collect()
    }

    pub(super) async fn select_bell(&self, person: PersonId) -> Result<Bell, StoreError> {
        let row = query(
            "SELECT count(*) FILTER (WHERE read_at IS NULL) AS unread, coalesce(max(cursor), 0) AS cursor
             FROM notifications WHERE person = $1",
        )
        .bind(person.0)
        .fetch_one(&self.database)
        .await?;
        Ok(Bell { unread: row.get("unread")?, cursor: row.get("cursor")? })
    }

    pub(super) async fn update_read(
        &self,
        person: PersonId,
        up_to: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        query("UPDATE notifications SET read_at = $1 WHERE person = $2 AND cursor <= $3 AND read_at IS NULL")
            .bind(now)
            .bind(person.0)
            .bind(up_to)
            .execute(&mut tx)
            .await?;
        tx.changed(person)?;
        tx.commit().await
    }
}

/// One a command: its id is the command's, so that a second one cannot be written.
pub(super) async fn notify(
    tx: &mut Tx,
    command: &Command,
    news: News,
    now: Timestamp,
) -> Result<(), StoreError> {
    query("INSERT INTO notifications (id, person, command, news, at) VALUES ($1, $2, $3, $4, $5)")
        .bind(command.id.0)
        .bind(command.person.0)
        .bind(command.id.0)
        .bind(news.name())
        .bind(now)
        .execute(&mut *tx)
        .await?;
    Ok(())
}

fn notification_from(row: &Row) -> Result<Notification, StoreError> {
    let platform = Platform::parse(&row.get::<String>("platform")?)?;
    let maker = Maker::parse(&row.get::<String>("maker")?)?;
    let policy = PasscodePolicy { min_length: row.get("min_length")?, maker };
    Ok(Notification {
        id: NotificationId(row.get("id")?),
        cursor: row.get("cursor")?,
        device: row.get::<String>("device")?.parse()?,
        device_name: row.get("device_name")?,
        platform,
        leaves_passcode: policy.leaves_passcode(platform),
        news: News::parse(&row.get::<String>("news")?)?,
        at: row.get("at")?,
        read: row.maybe::<Timestamp>("read_at")?.is_some(),
    })
}

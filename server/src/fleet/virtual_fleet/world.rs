//! The phones living on: they check in, take what waits for them and do it.

use domain::Timestamp;
use domain::device::Platform;
use domain::passcode::ResetEffect;
use domain::ports::StoreError;
use sqlx::Row;
use uuid::Uuid;

use super::commands::{Event, State, end, journal};
use super::{CHECK_IN_MILLIS, VirtualFleet};
use crate::database::sqlite::Tx;
use crate::store::names::Named;

impl VirtualFleet {
    /// One moment of the world. Tests call it with a time of their own.
    pub(super) async fn pass(&self, now: Timestamp) -> Result<(), StoreError> {
        if !self.anything_due(now).await? {
            return Ok(());
        }
        self.expire(now).await?;
        self.check_in(now).await?;
        self.execute(now).await
    }

    /// Most passes have nothing to do; they cost no write.
    async fn anything_due(&self, now: Timestamp) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM phones WHERE online AND NOT retired AND abs(? - last_seen) >= ?)
                 OR EXISTS (SELECT 1 FROM commands
                            WHERE ended_at IS NULL AND (deadline <= ? OR state = 'delivered'))",
        )
        .bind(now.0)
        .bind(CHECK_IN_MILLIS)
        .bind(now.0)
        .fetch_one(&self.database.reads)
        .await?)
    }

    /// The MDM gives up what waited too long, whether its phone is online or not.
    async fn expire(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        let late = sqlx::query("SELECT id, phone FROM commands WHERE state = 'waiting' AND deadline <= ?")
            .bind(now.0)
            .fetch_all(&mut *tx)
            .await?;
        for row in &late {
            let id: Uuid = row.try_get("id")?;
            end(&mut tx, id, State::Expired, now).await?;
            journal(&mut tx, id, row.try_get("phone")?, Event::Expired, now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Phones with a network are heard of, and take their commands with them.
    pub(super) async fn check_in(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        // By the distance, not the order: a clock set back while the program was down must not silence a phone.
        let here: Vec<String> = sqlx::query_scalar(
            "UPDATE phones SET last_seen = ?
             WHERE online AND NOT retired AND abs(? - last_seen) >= ? RETURNING id",
        )
        .bind(now.0)
        .bind(now.0)
        .bind(CHECK_IN_MILLIS)
        .fetch_all(&mut *tx)
        .await?;
        for phone in &here {
            deliver(&mut tx, phone, now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Apart from the delivery, as on a real phone: a crash in between leaves a command that is executed afterwards,
    /// once, because what it does and that it is done are one transaction.
    pub(super) async fn execute(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        let delivered = sqlx::query(
            "SELECT c.id, c.phone, c.passcode_hash, p.platform FROM commands c JOIN phones p ON p.id = c.phone
             WHERE c.state = 'delivered' ORDER BY c.received_at, c.rowid",
        )
        .fetch_all(&mut *tx)
        .await?;
        for row in &delivered {
            let id: Uuid = row.try_get("id")?;
            let phone: &str = row.try_get("phone")?;
            let effect = Platform::parse(row.try_get("platform")?)?.reset_effect();
            reset(&mut tx, phone, effect, row.try_get("passcode_hash")?).await?;
            end(&mut tx, id, State::Done, now).await?;
            journal(&mut tx, id, phone, Event::Executed, now).await?;
        }
        Ok(tx.commit().await?)
    }
}

async fn deliver(tx: &mut Tx, phone: &str, now: Timestamp) -> Result<(), StoreError> {
    let taken: Vec<Uuid> = sqlx::query_scalar(
        "UPDATE commands SET state = 'delivered', delivered_at = ?
         WHERE phone = ? AND state = 'waiting' RETURNING id",
    )
    .bind(now.0)
    .bind(phone)
    .fetch_all(&mut **tx)
    .await?;
    for id in taken {
        journal(tx, id, phone, Event::Delivered, now).await?;
    }
    Ok(())
}

async fn reset(
    tx: &mut Tx,
    phone: &str,
    effect: Option<ResetEffect>,
    passcode_hash: Option<&str>,
) -> Result<(), StoreError> {
    let left = passcode_hash.filter(|_| effect != Some(ResetEffect::NoPasscode));
    sqlx::query("UPDATE phones SET passcode_hash = ?, locked = 1, wrong_tries = 0 WHERE id = ?")
        .bind(left)
        .bind(phone)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

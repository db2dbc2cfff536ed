use domain::Timestamp;
use domain::account::AuditEntry;
use domain::command::CommandId;
use domain::person::PersonId;
use domain::ports::StoreError;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::sqlite::SqliteStore;
use crate::database::Tx;

/// What the audit says: who did what to which device, never a secret.
pub(super) struct AuditRow<'a> {
    pub person: Option<PersonId>,
    pub event: &'static str,
    pub device: Option<&'a str>,
    pub command: Option<Uuid>,
}

/// Written in the transaction of what it records.
pub(super) async fn audit(tx: &mut Tx, row: AuditRow<'_>, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO audit (at, person, event, device, command) VALUES (?, ?, ?, ?, ?)")
        .bind(now.0)
        .bind(row.person.map(|person| person.0))
        .bind(row.event)
        .bind(row.device)
        .bind(row.command)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

impl SqliteStore {
    pub(super) async fn select_audit(&self, seq: i64, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        sqlx::query(
            "SELECT a.seq, a.at, a.event, a.person, p.user_name, a.device, a.command
             FROM audit a LEFT JOIN people p ON p.id = a.person
             WHERE a.seq > ? ORDER BY a.seq LIMIT ?",
        )
        .bind(seq)
        .bind(limit)
        .fetch_all(&self.database.reads)
        .await?
        .iter()
        .map(entry_from)
        .collect()
    }
}

fn entry_from(row: &SqliteRow) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        seq: row.try_get("seq")?,
        at: Timestamp(row.try_get("at")?),
        event: row.try_get("event")?,
        person: row.try_get::<Option<Uuid>, _>("person")?.map(PersonId),
        user_name: row.try_get("user_name")?,
        device: row.try_get("device")?,
        command: row.try_get::<Option<Uuid>, _>("command")?.map(CommandId),
    })
}

use domain::Timestamp;
use domain::audit::{AuditEntry, Event, Head, Link};
use domain::command::CommandId;
use domain::person::PersonId;
use domain::ports::StoreError;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::sqlite::SqliteStore;
use crate::database::Tx;

/// Of wrong passwords a person sees the last few: whoever guesses a hundred times must not push the rest out of sight.
const FAILED: u32 = 5;

/// What the audit says: who did what to which device, never a secret.
pub(super) struct AuditRow<'a> {
    pub person: Option<PersonId>,
    pub event: Event,
    pub device: Option<&'a str>,
    pub command: Option<Uuid>,
}

/// Written in the transaction of what it records.
pub(super) async fn audit(tx: &mut Tx, row: AuditRow<'_>, now: Timestamp) -> Result<(), StoreError> {
    let head = head_from(&sqlx::query("SELECT seq, link FROM audit_head").fetch_one(&mut **tx).await?)?;
    let entry = AuditEntry {
        seq: head.seq + 1,
        at: now,
        event: row.event.name().to_owned(),
        person: row.person,
        user_name: None,
        device: row.device.map(str::to_owned),
        command: row.command.map(CommandId),
        link: None,
    };
    let link = head.link.next(&entry);
    sqlx::query(
        "INSERT INTO audit (seq, at, person, event, device, command, link) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(entry.seq)
    .bind(entry.at.0)
    .bind(entry.person.map(|person| person.0))
    .bind(&entry.event)
    .bind(&entry.device)
    .bind(row.command)
    .bind(&link.0[..])
    .execute(&mut **tx)
    .await?;
    sqlx::query("UPDATE audit_head SET seq = ?, link = ?")
        .bind(entry.seq)
        .bind(&link.0[..])
        .execute(&mut **tx)
        .await?;
    Ok(())
}

impl SqliteStore {
    pub(super) async fn select_audit(&self, seq: i64, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        sqlx::query(
            "SELECT a.seq, a.at, a.event, a.person, p.user_name, a.device, a.command, a.link
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

    pub(super) async fn select_audit_of(
        &self,
        person: PersonId,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        sqlx::query(
            "SELECT seq, at, event, person, NULL AS user_name, device, command, link
             FROM audit
             WHERE person = ?1 AND (event <> ?3 OR seq IN (
                 SELECT seq FROM audit WHERE person = ?1 AND event = ?3 ORDER BY seq DESC LIMIT ?4))
             ORDER BY seq DESC LIMIT ?2",
        )
        .bind(person.0)
        .bind(limit)
        .bind(Event::SignInFailed.name())
        .bind(FAILED)
        .fetch_all(&self.database.reads)
        .await?
        .iter()
        .map(entry_from)
        .collect()
    }

    pub(super) async fn select_audit_head(&self) -> Result<Head, StoreError> {
        let row = sqlx::query("SELECT seq, link FROM audit_head").fetch_one(&self.database.reads).await?;
        head_from(&row)
    }
}

/// What cannot be read was not written here, and the row it stands in is named.
fn entry_from(row: &SqliteRow) -> Result<AuditEntry, StoreError> {
    let seq = row.try_get("seq")?;
    let read = || -> Result<AuditEntry, sqlx::Error> {
        Ok(AuditEntry {
            seq,
            at: Timestamp(row.try_get("at")?),
            event: row.try_get("event")?,
            person: row.try_get::<Option<Uuid>, _>("person")?.map(PersonId),
            user_name: row.try_get("user_name")?,
            device: row.try_get("device")?,
            command: row.try_get::<Option<Uuid>, _>("command")?.map(CommandId),
            link: row.try_get::<Option<Vec<u8>>, _>("link")?.map(|bytes| link_from(&bytes)),
        })
    };
    read().map_err(|error| StoreError(format!("row {seq} of the audit is not as it was written: {error}")))
}

fn head_from(row: &SqliteRow) -> Result<Head, StoreError> {
    Ok(Head { seq: row.try_get("seq")?, link: link_from(row.try_get("link")?) })
}

/// One of another length was never made here, and fits nowhere.
fn link_from(bytes: &[u8]) -> Link {
    Link(bytes.try_into().unwrap_or([0xff; 32]))
}

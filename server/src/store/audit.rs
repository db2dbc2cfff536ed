use domain::Timestamp;
use domain::audit::{AuditEntry, Event, Head};
use domain::command::CommandId;
use domain::person::PersonId;
use domain::ports::StoreError;
use uuid::Uuid;

use super::sql::SqlStore;
use crate::database::{Row, Tx, link_from, query};

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
pub(super) fn audit(tx: &mut Tx, row: AuditRow<'_>, now: Timestamp) -> Result<(), StoreError> {
    tx.audit(|seq| AuditEntry {
        seq,
        at: now,
        event: row.event.name().to_owned(),
        person: row.person,
        user_name: None,
        device: row.device.map(str::to_owned),
        command: row.command.map(CommandId),
        link: None,
    })
}

impl SqlStore {
    pub(super) async fn select_audit(&self, seq: i64, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        query(
            "SELECT a.seq, a.at, a.event, a.person, p.user_name, a.device, a.command, a.link
             FROM audit a LEFT JOIN people p ON p.id = a.person
             WHERE a.seq > $1 ORDER BY a.seq LIMIT $2",
        )
        .bind(seq)
        .bind(limit)
        .fetch_all(&self.database)
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
        query(
            "SELECT seq, at, event, person, NULL AS user_name, device, command, link
             FROM audit
             WHERE person = $1 AND (event <> $3 OR seq IN (
                 SELECT seq FROM audit WHERE person = $1 AND event = $3 ORDER BY seq DESC LIMIT $4))
             ORDER BY seq DESC LIMIT $2",
        )
        .bind(person.0)
        .bind(limit)
        .bind(Event::SignInFailed.name())
        .bind(FAILED)
        .fetch_all(&self.database)
        .await?
        .iter()
        .map(entry_from)
        .collect()
    }

    pub(super) async fn select_audit_head(&self) -> Result<Head, StoreError> {
        let row = query("SELECT seq, link FROM audit_head").fetch_one(&self.database).await?;
        Ok(Head { seq: row.get("seq")?, link: link_from(&row.get::<Vec<u8>>("link")?) })
    }
}

/// What cannot be read was not written here, and the row it stands in is named.
fn entry_from(row: &Row) -> Result<AuditEntry, StoreError> {
    let seq = row.get("seq")?;
    let read = || -> Result<AuditEntry, StoreError> {
        Ok(AuditEntry {
            seq,
            at: row.get("at")?,
            event: row.get("event")?,
            person: row.maybe("person")?,
            user_name: row.maybe("user_name")?,
            device: row.maybe("device")?,
            command: row.maybe("command")?.map(CommandId),
            link: row.maybe::<Vec<u8>>("link")?.map(|bytes| link_from(&bytes)),
        })
    };
    read()
        .map_err(|error| StoreError(format!("row {seq} of the audit is not as it was written: {}", error.0)))
}

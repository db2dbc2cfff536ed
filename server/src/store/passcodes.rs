use domain::audit::Event;
use domain::command::CommandId;
use domain::device::DeviceId;
use domain::freshness::{RevealFacts, may_reveal};
use domain::person::{Actor, PersonId, SessionId};
use domain::ports::{PasscodeState, Sealed, StoreError, StoredPasscode};
use domain::{Refusal, Timestamp};
use uuid::Uuid;

use super::audit::{AuditRow, audit};
use super::sql::SqlStore;
use crate::database::{On, Row, Tx, query};

/// How long an unrevealed passcode is kept, and how long it stays after it was first shown.
const UNREVEALED_SECONDS: i64 = 24 * 60 * 60;
const REVEALED_SECONDS: i64 = 10 * 60;

/// The passcode of the newest reset that a person has had done on a device.
const LAST_PASSCODE: &str = "SELECT p.command, p.key_id, p.nonce, p.ciphertext, p.expires_at, p.revealed_in,
        c.created_at AS submitted_at, g.session AS submitted_in
    FROM passcodes p JOIN commands c ON c.id = p.command JOIN grants g ON g.spent_on = c.id
    WHERE c.person = $1 AND c.device = $2 AND p.expires_at IS NOT NULL
    ORDER BY c.created_at DESC, c.id DESC LIMIT 1";

impl SqlStore {
    pub(super) async fn select_passcode(
        &self,
        person: PersonId,
        device: &DeviceId,
        now: Timestamp,
    ) -> Result<Option<StoredPasscode>, StoreError> {
        query(LAST_PASSCODE)
            .bind(person.0)
            .bind(device.to_string())
            .fetch_optional(&self.database)
            .await?
            .map(|row| passcode_from(&row, now))
            .transpose()
    }

    pub(super) async fn update_revealed(
        &self,
        actor: &Actor,
        device: &DeviceId,
        now: Timestamp,
    ) -> Result<Result<StoredPasscode, Refusal>, StoreError> {
        let mut tx = self.database.write().await?;
        let id = device.to_string();
        let row = query(LAST_PASSCODE).bind(actor.person.id.0).bind(&id).fetch_optional(&mut tx).await?;
        let Some(row) = row else { return Ok(Err(Refusal::NotFound)) };
        let mut stored = passcode_from(&row, now)?;
        if stored.state == PasscodeState::Erased {
            return Ok(Err(Refusal::PasscodeGone));
        }
        if !session_lives(&mut tx, actor).await? {
            return Ok(Err(Refusal::NotSignedIn));
        }
        if !may_reveal(actor, &stored.facts, now) {
            return Ok(Err(Refusal::FreshSignInNeeded));
        }
        if stored.facts.revealed_in.is_none() {
            stored.expires_at = stored.expires_at.min(now.plus_seconds(REVEALED_SECONDS));
        }
        stored.facts.revealed_in = Some(actor.session);
        query("UPDATE passcodes SET revealed_in = $1, expires_at = $2 WHERE command = $3")
            .bind(actor.session.0)
            .bind(stored.expires_at)
            .bind(stored.command.0)
            .execute(&mut tx)
            .await?;
        let row = AuditRow {
            person: Some(actor.person.id),
            event: Event::PasscodeRevealed,
            device: Some(&id),
            command: Some(stored.command.0),
        };
        audit(&mut tx, row, now)?;
        tx.commit().await?;
        Ok(Ok(stored))
    }

    pub(super) async fn update_forgotten(
        &self,
        actor: &Actor,
        device: &DeviceId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        let id = device.to_string();
        let row = query(LAST_PASSCODE).bind(actor.person.id.0).bind(&id).fetch_optional(&mut tx).await?;
        let Some(row) = row else { return Ok(()) };
        let stored = passcode_from(&row, now)?;
        if stored.state == PasscodeState::Erased {
            return Ok(());
        }
        erase_passcode(&mut tx, stored.command).await?;
        let row = AuditRow {
            person: Some(actor.person.id),
            event: Event::PasscodeErased,
            device: Some(&id),
            command: Some(stored.command.0),
        };
        audit(&mut tx, row, now)?;
        tx.commit().await?;
        self.empty_log().await;
        Ok(())
    }

    pub(super) async fn update_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        let expired: i64 =
            query("SELECT count(*) FROM passcodes WHERE expires_at <= $1 AND ciphertext IS NOT NULL")
                .bind(now)
                .value(&self.database)
                .await?;
        if expired == 0 {
            return Ok(0);
        }
        let mut tx = self.database.write().await?;
        let erased = query(
            "UPDATE passcodes SET nonce = NULL, ciphertext = NULL
             WHERE expires_at <= $1 AND ciphertext IS NOT NULL",
        )
        .bind(now)
        .execute(&mut tx)
        .await?;
        tx.commit().await?;
        self.empty_log().await;
        Ok(erased)
    }
}

/// Kept from the moment before it is sent; not to be shown before [`arm_passcode`].
pub(super) async fn keep_passcode(
    tx: &mut Tx,
    command: CommandId,
    sealed: &Sealed,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO passcodes (command, key_id, nonce, ciphertext) VALUES ($1, $2, $3, $4)
         ON CONFLICT (command) DO UPDATE
         SET key_id = excluded.key_id, nonce = excluded.nonce, ciphertext = excluded.ciphertext",
    )
    .bind(command.0)
    .bind(&sealed.key_id)
    .bind(&sealed.nonce[..])
    .bind(&sealed.ciphertext[..])
    .execute(&mut *tx)
    .await?;
    Ok(())
}

pub(super) async fn arm_passcode(tx: &mut Tx, command: CommandId, now: Timestamp) -> Result<(), StoreError> {
    query("UPDATE passcodes SET expires_at = $1 WHERE command = $2")
        .bind(now.plus_seconds(UNREVEALED_SECONDS))
        .bind(command.0)
        .execute(&mut *tx)
        .await?;
    Ok(())
}

pub(super) async fn erase_passcode(tx: &mut Tx, command: CommandId) -> Result<(), StoreError> {
    query("UPDATE passcodes SET nonce = NULL, ciphertext = NULL WHERE command = $1")
        .bind(command.0)
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// A newer reset makes the older passcode worthless, so it need not be kept. Says whether there was one.
pub(super) async fn erase_older_passcodes(tx: &mut Tx, device: &DeviceId) -> Result<bool, StoreError> {
    let erased = query(
        "UPDATE passcodes SET nonce = NULL, ciphertext = NULL
         WHERE ciphertext IS NOT NULL AND command IN (SELECT id FROM commands WHERE device = $1)",
    )
    .bind(device.to_string())
    .execute(&mut *tx)
    .await?;
    Ok(erased > 0)
}

pub(super) async fn sealed_of(
    on: impl Into<On<'_>>,
    command: CommandId,
) -> Result<Option<Sealed>, StoreError> {
    let row = query("SELECT key_id, nonce, ciphertext FROM passcodes WHERE command = $1")
        .bind(command.0)
        .fetch_optional(on)
        .await?;
    Ok(match row {
        Some(row) => sealed_from(&row)?,
        None => None,
    })
}

pub(super) async fn session_lives(tx: &mut Tx, actor: &Actor) -> Result<bool, StoreError> {
    Ok(query("SELECT count(*) FROM sessions WHERE id = $1 AND ended_at IS NULL")
        .bind(actor.session.0)
        .value::<i64>(&mut *tx)
        .await?
        > 0)
}

/// Past its end a passcode is erased, whether or not the sweep has been by.
fn passcode_from(row: &Row, now: Timestamp) -> Result<StoredPasscode, StoreError> {
    let expires_at = row.get("expires_at")?;
    let sealed = sealed_from(row)?.filter(|_| now < expires_at);
    Ok(StoredPasscode {
        command: CommandId(row.get("command")?),
        state: sealed.map_or(PasscodeState::Erased, PasscodeState::Sealed),
        facts: RevealFacts {
            submitted_in: SessionId(row.get("submitted_in")?),
            submitted_at: row.get("submitted_at")?,
            revealed_in: row.maybe::<Uuid>("revealed_in")?.map(SessionId),
        },
        expires_at,
    })
}

fn sealed_from(row: &Row) -> Result<Option<Sealed>, StoreError> {
    let nonce: Option<Vec<u8>> = row.maybe("nonce")?;
    let ciphertext: Option<Vec<u8>> = row.maybe("ciphertext")?;
    let key_id = row.get("key_id")?;
    Ok(nonce.zip(ciphertext).map(|(nonce, ciphertext)| Sealed { key_id, nonce, ciphertext }))
}

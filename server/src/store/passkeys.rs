//! What else than a password a local account opens with: passkeys and recovery codes.

use domain::Timestamp;
use domain::account::TokenHash;
use domain::audit::Event;
use domain::passkey::{Passkey, PasskeyId, UsedPasskey};
use domain::person::{Actor, PersonId};
use domain::ports::StoreError;
use sqlx::Row;
use uuid::Uuid;

use super::accounts::about;
use super::audit::audit;
use super::sqlite::SqliteStore;
use crate::database::Tx;

impl SqliteStore {
    pub(super) async fn select_passkeys(&self, person: PersonId) -> Result<Vec<Passkey>, StoreError> {
        let rows = sqlx::query(
            "SELECT p.id, p.credential, p.agent, p.added_at, p.used_at
             FROM passkeys p JOIN people o ON o.id = p.person AND o.disabled_at IS NULL
             WHERE p.person = ? ORDER BY p.added_at, p.id",
        )
        .bind(person.0)
        .fetch_all(&self.database.reads)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Passkey {
                    id: PasskeyId(row.try_get("id")?),
                    credential: row.try_get("credential")?,
                    agent: row.try_get("agent")?,
                    added_at: Timestamp(row.try_get("added_at")?),
                    used_at: row.try_get::<Option<i64>, _>("used_at")?.map(Timestamp),
                })
            })
            .collect()
    }

    pub(super) async fn insert_passkey(&self, actor: &Actor, passkey: &Passkey) -> Result<bool, StoreError> {
        let person = actor.person.id;
        let mut tx = self.database.write().await?;
        // Of somebody else's passkey nothing is taken over.
        let added = sqlx::query(
            "INSERT OR IGNORE INTO passkeys (id, person, credential, agent, added_at) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(&passkey.id.0)
        .bind(person.0)
        .bind(&passkey.credential)
        .bind(&passkey.agent)
        .bind(passkey.added_at.0)
        .execute(&mut *tx)
        .await?
        .rows_affected()
            > 0;
        if added {
            audit(&mut tx, about(person, Event::PasskeyAdded), passkey.added_at).await?;
        }
        tx.commit().await?;
        Ok(added)
    }

    pub(super) async fn delete_passkey(
        &self,
        actor: &Actor,
        id: &PasskeyId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let person = actor.person.id;
        let mut tx = self.database.write().await?;
        let removed = sqlx::query("DELETE FROM passkeys WHERE id = ? AND person = ?")
            .bind(&id.0)
            .bind(person.0)
            .execute(&mut *tx)
            .await?
            .rows_affected()
            > 0;
        if removed {
            audit(&mut tx, about(person, Event::PasskeyRemoved), now).await?;
        }
        tx.commit().await?;
        Ok(removed)
    }

    pub(super) async fn replace_recovery_codes(
        &self,
        actor: &Actor,
        codes: &[TokenHash],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let person = actor.person.id;
        let mut tx = self.database.write().await?;
        sqlx::query("DELETE FROM recovery_codes WHERE person = ?").bind(person.0).execute(&mut *tx).await?;
        for code in codes {
            sqlx::query("INSERT INTO recovery_codes (code, person) VALUES (?, ?)")
                .bind(&code.0[..])
                .bind(person.0)
                .execute(&mut *tx)
                .await?;
        }
        audit(&mut tx, about(person, Event::RecoveryCodesMade), now).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn count_recovery_codes(&self, person: PersonId) -> Result<u32, StoreError> {
        Ok(sqlx::query_scalar("SELECT count(*) FROM recovery_codes WHERE person = ?")
            .bind(person.0)
            .fetch_one(&self.database.reads)
            .await?)
    }

    pub(super) async fn take_recovery_code(
        &self,
        user_name: &str,
        code: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<PersonId>, StoreError> {
        let mut tx = self.database.write().await?;
        let person: Option<Uuid> = sqlx::query_scalar(
            "DELETE FROM recovery_codes WHERE code = ?
             AND person IN (SELECT id FROM people WHERE user_name = ? AND disabled_at IS NULL)
             RETURNING person",
        )
        .bind(&code.0[..])
        .bind(user_name)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(person) = person.map(PersonId) else { return Ok(None) };
        audit(&mut tx, about(person, Event::RecoveryCodeUsed), now).await?;
        tx.commit().await?;
        Ok(Some(person))
    }
}

/// With the counter it told, so that a copy of it is noticed.
pub(super) async fn note_used(tx: &mut Tx, used: &UsedPasskey, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE passkeys SET credential = ?, used_at = ? WHERE id = ?")
        .bind(&used.credential)
        .bind(now.0)
        .bind(&used.id.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whoever sets a password for somebody does not know who added these.
pub(super) async fn forget_all(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    for table in ["DELETE FROM passkeys WHERE person = ?", "DELETE FROM recovery_codes WHERE person = ?"] {
        sqlx::query(table).bind(person.0).execute(&mut **tx).await?;
    }
    Ok(())
}

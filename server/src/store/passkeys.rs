//! What else than a password a local account opens with: passkeys and recovery codes.

use domain::account::TokenHash;
use domain::audit::Event;
use domain::passkey::{Passkey, PasskeyId, UsedPasskey};
use domain::person::{Actor, PersonId};
use domain::ports::{Means, NewSession, StoreError};
use domain::{Refusal, Timestamp};
use sqlx::Row;
use uuid::Uuid;

use super::accounts::about;
use super::audit::audit;
use super::passcodes::session_lives;
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

    pub(super) async fn insert_passkey(
        &self,
        actor: &Actor,
        passkey: &Passkey,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let person = actor.person.id;
        let mut tx = self.database.write().await?;
        if !session_lives(&mut tx, actor).await? {
            return Ok(Err(Refusal::NotSignedIn));
        }
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
        if !added {
            return Ok(Err(Refusal::PasskeyNotBelieved));
        }
        audit(&mut tx, about(person, Event::PasskeyAdded), passkey.added_at).await?;
        tx.commit().await?;
        Ok(Ok(()))
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
    ) -> Result<Result<(), Refusal>, StoreError> {
        let person = actor.person.id;
        let mut tx = self.database.write().await?;
        if !session_lives(&mut tx, actor).await? {
            return Ok(Err(Refusal::NotSignedIn));
        }
        forget_recovery_codes(&mut tx, person).await?;
        for code in codes {
            sqlx::query("INSERT INTO recovery_codes (code, person) VALUES (?, ?)")
                .bind(&code.0[..])
                .bind(person.0)
                .execute(&mut *tx)
                .await?;
        }
        audit(&mut tx, about(person, Event::RecoveryCodesMade), now).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    pub(super) async fn count_recovery_codes(&self, person: PersonId) -> Result<u32, StoreError> {
        Ok(sqlx::query_scalar("SELECT count(*) FROM recovery_codes WHERE person = ?")
            .bind(person.0)
            .fetch_one(&self.database.reads)
            .await?)
    }

    pub(super) async fn select_owner_of_recovery_code(
        &self,
        user_name: &str,
        code: &TokenHash,
    ) -> Result<Option<PersonId>, StoreError> {
        let person: Option<Uuid> = sqlx::query_scalar(
            "SELECT c.person FROM recovery_codes c JOIN people p ON p.id = c.person
             WHERE c.code = ? AND p.user_name = ? AND p.disabled_at IS NULL",
        )
        .bind(&code.0[..])
        .bind(user_name)
        .fetch_optional(&self.database.reads)
        .await?;
        Ok(person.map(PersonId))
    }
}

/// What a sign-in uses up, or has to remember. False when it is not there any more, or another sign-in was faster.
pub(super) async fn use_means(tx: &mut Tx, new: &NewSession, now: Timestamp) -> Result<bool, StoreError> {
    let used = match &new.by {
        Means::Provider { .. } => return Ok(true),
        // It took a while to compare, and may have been changed meanwhile.
        Means::Password { hash } => {
            let holds = sqlx::query_scalar("SELECT password_hash = ? FROM people WHERE id = ?")
                .bind(hash)
                .bind(new.person.0)
                .fetch_one(&mut **tx);
            return Ok(holds.await?);
        }
        // With the counter it told, so that a copy of it is noticed.
        Means::Passkey(UsedPasskey { id, before, credential }) => sqlx::query(
            "UPDATE passkeys SET credential = ?, used_at = ? WHERE id = ? AND person = ? AND credential = ?",
        )
        .bind(credential)
        .bind(now.0)
        .bind(&id.0)
        .bind(new.person.0)
        .bind(before)
        .execute(&mut **tx)
        .await?,
        Means::RecoveryCode(code) => {
            let used = sqlx::query("DELETE FROM recovery_codes WHERE code = ? AND person = ?")
                .bind(&code.0[..])
                .bind(new.person.0)
                .execute(&mut **tx)
                .await?;
            audit(tx, about(new.person, Event::RecoveryCodeUsed), now).await?;
            used
        }
    };
    Ok(used.rows_affected() > 0)
}

pub(super) async fn forget_recovery_codes(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM recovery_codes WHERE person = ?").bind(person.0).execute(&mut **tx).await?;
    Ok(())
}

/// Whoever sets a password for somebody does not know who added these.
pub(super) async fn forget_all(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM passkeys WHERE person = ?").bind(person.0).execute(&mut **tx).await?;
    forget_recovery_codes(tx, person).await
}

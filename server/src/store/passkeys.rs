//! What else than a password a local account opens with: passkeys and recovery codes.

use domain::account::TokenHash;
use domain::audit::Event;
use domain::passkey::{Passkey, PasskeyId, UsedPasskey};
use domain::person::{Actor, PersonId};
use domain::ports::{Means, NewSession, StoreError};
use domain::{Refusal, Timestamp};
use uuid::Uuid;

use super::accounts::about;
use super::audit::audit;
use super::passcodes::session_lives;
use super::sql::SqlStore;
use crate::database::{Tx, query};

impl SqlStore {
    pub(super) async fn select_passkeys(&self, person: PersonId) -> Result<Vec<Passkey>, StoreError> {
        let rows = query(
            "SELECT p.id, p.credential, p.agent, p.added_at, p.used_at
             FROM passkeys p JOIN people o ON o.id = p.person AND o.disabled_at IS NULL
             WHERE p.person = $1 ORDER BY p.added_at, p.id",
        )
        .bind(person.0)
        .fetch_all(&self.database)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Passkey {
                    id: PasskeyId(row.get("id")?),
                    credential: row.get("credential")?,
                    agent: row.get("agent")?,
                    added_at: row.get("added_at")?,
                    used_at: row.maybe("used_at")?,
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
        let added = query(
            "INSERT INTO passkeys (id, person, credential, agent, added_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING",
        )
        .bind(&passkey.id.0[..])
        .bind(person.0)
        .bind(&passkey.credential)
        .bind(&passkey.agent)
        .bind(passkey.added_at)
        .execute(&mut tx)
        .await?
            > 0;
        if !added {
            return Ok(Err(Refusal::PasskeyNotBelieved));
        }
        audit(&mut tx, about(person, Event::PasskeyAdded), passkey.added_at)?;
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
        let removed = query("DELETE FROM passkeys WHERE id = $1 AND person = $2")
            .bind(&id.0[..])
            .bind(person.0)
            .execute(&mut tx)
            .await?
            > 0;
        if removed {
            audit(&mut tx, about(person, Event::PasskeyRemoved), now)?;
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
            query("INSERT INTO recovery_codes (code, person) VALUES ($1, $2)")
                .bind(&code.0[..])
                .bind(person.0)
                .execute(&mut tx)
                .await?;
        }
        audit(&mut tx, about(person, Event::RecoveryCodesMade), now)?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    pub(super) async fn count_recovery_codes(&self, person: PersonId) -> Result<u32, StoreError> {
        query("SELECT count(*) FROM recovery_codes WHERE person = $1")
            .bind(person.0)
            .value(&self.database)
            .await
    }

    pub(super) async fn select_owner_of_recovery_code(
        &self,
        user_name: &str,
        code: &TokenHash,
    ) -> Result<Option<PersonId>, StoreError> {
        let person: Option<Uuid> = query(
            "SELECT c.person FROM recovery_codes c JOIN people p ON p.id = c.person
             WHERE c.code = $1 AND lower(p.user_name) = lower($2) AND p.disabled_at IS NULL",
        )
        .bind(&code.0[..])
        .bind(user_name)
        .value_if_any(&self.database)
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
            let holds = query("SELECT password_hash = $1 FROM people WHERE id = $2")
                .bind(hash)
                .bind(new.person.0)
                .value(&mut *tx);
            return holds.await;
        }
        // With the counter it told, so that a copy of it is noticed.
        Means::Passkey(UsedPasskey { id, before, credential }) => query(
            "UPDATE passkeys SET credential = $1, used_at = $2 WHERE id = $3 AND person = $4 AND credential = $5",
        )
        .bind(credential)
        .bind(now)
        .bind(&id.0[..])
        .bind(new.person.0)
        .bind(before)
        .execute(&mut *tx)
        .await?,
        Means::RecoveryCode(code) => {
            let used = query("DELETE FROM recovery_codes WHERE code = $1 AND person = $2")
                .bind(&code.0[..])
                .bind(new.person.0)
                .execute(&mut *tx)
                .await?;
            audit(tx, about(new.person, Event::RecoveryCodeUsed), now)?;
            used
        }
    };
    Ok(used > 0)
}

pub(super) async fn forget_recovery_codes(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    query("DELETE FROM recovery_codes WHERE person = $1").bind(person.0).execute(&mut *tx).await?;
    Ok(())
}

/// Whoever sets a password for somebody does not know who added these.
pub(super) async fn forget_all(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    query("DELETE FROM passkeys WHERE person = $1").bind(person.0).execute(&mut *tx).await?;
    forget_recovery_codes(tx, person).await
}

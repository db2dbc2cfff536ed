//! People whom an identity provider signs in.

use domain::Timestamp;
use domain::account::{Identity, Profile, SignOutOrder, TokenHash};
use domain::audit::Event;
use domain::person::{PersonId, SessionId};
use domain::ports::{Proofs, StoreError};
use uuid::Uuid;

use super::accounts::about;
use super::audit::{AuditRow, audit};
use super::sqlite::SqliteStore;
use crate::database::Tx;

/// For so long a second use is noticed; whatever may be used once is void long before.
const USED_SECONDS: i64 = 24 * 60 * 60;

impl SqliteStore {
    pub(super) async fn upsert_identity(
        &self,
        identity: &Identity,
        profile: &Profile,
        newcomer: PersonId,
        now: Timestamp,
    ) -> Result<PersonId, StoreError> {
        let mut tx = self.database.write().await?;
        let known: Option<Uuid> =
            sqlx::query_scalar("SELECT person FROM identities WHERE issuer = ? AND subject = ?")
                .bind(&identity.issuer)
                .bind(&identity.subject)
                .fetch_optional(&mut *tx)
                .await?;
        let person = if let Some(person) = known {
            let person = PersonId(person);
            let changed = sqlx::query(
                "UPDATE people SET name = ?1, email = ?2, subject = ?3, it_admin = ?4
                 WHERE id = ?5 AND (name, email, subject, it_admin) IS NOT (?1, ?2, ?3, ?4)",
            )
            .bind(&profile.name)
            .bind(&profile.email)
            .bind(&profile.subject)
            .bind(profile.it_admin)
            .bind(person.0)
            .execute(&mut *tx)
            .await?
            .rows_affected()
                > 0;
            if changed {
                audit(&mut tx, about(person, Event::PersonChanged), now).await?;
            }
            person
        } else {
            insert_person(&mut tx, identity, profile, newcomer, now).await?;
            newcomer
        };
        tx.commit().await?;
        Ok(person)
    }

    pub(super) async fn insert_used_once(
        &self,
        what: &TokenHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.database.write().await?;
        let first = use_once(&mut tx, what, now).await?;
        tx.commit().await?;
        Ok(first)
    }

    pub(super) async fn insert_event(&self, event: Event, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        audit(&mut tx, AuditRow { person: None, event, device: None, command: None }, now).await?;
        Ok(tx.commit().await?)
    }

    /// A session that the provider gave no name ends with the subject's: rather one too many than one that stays.
    pub(super) async fn update_provider_sessions_ended(
        &self,
        order: &SignOutOrder,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let mut tx = self.database.write().await?;
        if !use_once(&mut tx, &order.id, now).await? {
            return Ok(None);
        }
        let ended: Vec<(Uuid, Uuid)> = sqlx::query_as(
            "UPDATE sessions SET ended_at = ?1
             WHERE ended_at IS NULL AND issuer = ?2
               AND (?3 IS NULL OR provider_session = ?3 OR (provider_session IS NULL AND ?4 IS NOT NULL))
               AND (?4 IS NULL OR person IN (SELECT person FROM identities WHERE issuer = ?2 AND subject = ?4))
               AND (?3 IS NOT NULL OR ?4 IS NOT NULL)
             RETURNING id, person",
        )
        .bind(now.0)
        .bind(&order.issuer)
        .bind(&order.session)
        .bind(&order.subject)
        .fetch_all(&mut *tx)
        .await?;
        for (_, person) in &ended {
            audit(&mut tx, about(PersonId(*person), Event::SignedOutByProvider), now).await?;
        }
        tx.commit().await?;
        Ok(Some(ended.into_iter().map(|(session, _)| SessionId(session)).collect()))
    }

    pub(super) async fn select_issuer_of(&self, session: SessionId) -> Result<Option<String>, StoreError> {
        let issuer: Option<Option<String>> = sqlx::query_scalar("SELECT issuer FROM sessions WHERE id = ?")
            .bind(session.0)
            .fetch_optional(&self.database.reads)
            .await?;
        Ok(issuer.flatten())
    }

    pub(super) async fn select_proofs_of(&self, issuer: &str) -> Result<Proofs, StoreError> {
        let (sign_ins, told) = sqlx::query_as(
            "SELECT count(*), count(told_at)
             FROM (SELECT told_at FROM sessions WHERE issuer = ? ORDER BY authenticated_at DESC LIMIT 20)",
        )
        .bind(issuer)
        .fetch_one(&self.database.reads)
        .await?;
        Ok(Proofs { sign_ins, told })
    }
}

async fn use_once(tx: &mut Tx, what: &TokenHash, now: Timestamp) -> Result<bool, StoreError> {
    sqlx::query("DELETE FROM used_once WHERE used_at < ?")
        .bind(now.plus_seconds(-USED_SECONDS).0)
        .execute(&mut **tx)
        .await?;
    let used = sqlx::query("INSERT OR IGNORE INTO used_once (what, used_at) VALUES (?, ?)")
        .bind(&what.0[..])
        .bind(now.0)
        .execute(&mut **tx)
        .await?;
    Ok(used.rows_affected() > 0)
}

async fn insert_person(
    tx: &mut Tx,
    identity: &Identity,
    profile: &Profile,
    newcomer: PersonId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO people (id, user_name, name, email, subject, it_admin, password_hash, created_at)
         VALUES (?, ?, ?, ?, ?, ?, '', ?)",
    )
    .bind(newcomer.0)
    .bind(user_name(tx, identity, newcomer).await?)
    .bind(&profile.name)
    .bind(&profile.email)
    .bind(&profile.subject)
    .bind(profile.it_admin)
    .bind(now.0)
    .execute(&mut **tx)
    .await?;
    sqlx::query("INSERT INTO identities (issuer, subject, person) VALUES (?, ?, ?)")
        .bind(&identity.issuer)
        .bind(&identity.subject)
        .bind(newcomer.0)
        .execute(&mut **tx)
        .await?;
    audit(tx, about(newcomer, Event::PersonAdded), now).await
}

/// What an operator calls the account. No local account can have such a name.
async fn user_name(tx: &mut Tx, identity: &Identity, newcomer: PersonId) -> Result<String, StoreError> {
    let name = format!("{} {}", identity.subject, identity.issuer);
    let is_taken: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM people WHERE user_name = ?)")
        .bind(&name)
        .fetch_one(&mut **tx)
        .await?;
    // To a provider two subjects are two, also when they differ in nothing but capital letters.
    Ok(if is_taken { format!("{name} {}", newcomer.0) } else { name })
}

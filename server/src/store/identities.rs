//! People whom an identity provider signs in.

use domain::account::{Identity, Profile, TokenHash};
use domain::person::{PersonId, SessionId};
use domain::ports::StoreError;
use domain::{Refusal, Timestamp};
use uuid::Uuid;

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
            sqlx::query("UPDATE people SET name = ?, email = ?, it_admin = ? WHERE id = ?")
                .bind(&profile.name)
                .bind(&profile.email)
                .bind(profile.it_admin)
                .bind(person)
                .execute(&mut *tx)
                .await?;
            PersonId(person)
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
        sqlx::query("DELETE FROM used_once WHERE used_at < ?")
            .bind(now.plus_seconds(-USED_SECONDS).0)
            .execute(&mut *tx)
            .await?;
        let first = sqlx::query("INSERT OR IGNORE INTO used_once (what, used_at) VALUES (?, ?)")
            .bind(&what.0[..])
            .bind(now.0)
            .execute(&mut *tx)
            .await?
            .rows_affected()
            > 0;
        tx.commit().await?;
        Ok(first)
    }

    pub(super) async fn insert_refused_sign_in(
        &self,
        refusal: Refusal,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let event = match refusal {
            Refusal::NotBegunHere => "sign_in_not_begun_here",
            Refusal::ProviderDenied => "sign_in_denied_by_provider",
            Refusal::ProviderNotBelieved => "sign_in_not_believed",
            Refusal::AccountDisabled => "sign_in_of_disabled",
            _ => "sign_in_failed",
        };
        let mut tx = self.database.write().await?;
        audit(&mut tx, AuditRow { person: None, event, device: None, command: None }, now).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn update_provider_sessions_ended(
        &self,
        issuer: &str,
        subject: Option<&str>,
        session: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let mut tx = self.database.write().await?;
        let ended: Vec<(Uuid, Uuid)> = sqlx::query_as(
            "UPDATE sessions SET ended_at = ?1
             WHERE ended_at IS NULL AND issuer = ?2
               AND (?3 IS NULL OR provider_session = ?3)
               AND (?4 IS NULL OR person IN (SELECT person FROM identities WHERE issuer = ?2 AND subject = ?4))
               AND (?3 IS NOT NULL OR ?4 IS NOT NULL)
             RETURNING id, person",
        )
        .bind(now.0)
        .bind(issuer)
        .bind(session)
        .bind(subject)
        .fetch_all(&mut *tx)
        .await?;
        for (_, person) in &ended {
            let row = AuditRow {
                person: Some(PersonId(*person)),
                event: "signed_out_by_provider",
                device: None,
                command: None,
            };
            audit(&mut tx, row, now).await?;
        }
        tx.commit().await?;
        Ok(ended.into_iter().map(|(session, _)| SessionId(session)).collect())
    }

    pub(super) async fn select_issuer_of(&self, session: SessionId) -> Result<Option<String>, StoreError> {
        let issuer: Option<Option<String>> = sqlx::query_scalar("SELECT issuer FROM sessions WHERE id = ?")
            .bind(session.0)
            .fetch_optional(&self.database.reads)
            .await?;
        Ok(issuer.flatten())
    }
}

async fn insert_person(
    tx: &mut Tx,
    identity: &Identity,
    profile: &Profile,
    newcomer: PersonId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO people (id, user_name, name, email, it_admin, password_hash, created_at)
         VALUES (?, ?, ?, ?, ?, '', ?)",
    )
    .bind(newcomer.0)
    .bind(user_name(identity))
    .bind(&profile.name)
    .bind(&profile.email)
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
    let row = AuditRow { person: Some(newcomer), event: "person_added", device: None, command: None };
    audit(tx, row, now).await
}

/// What an operator calls the account. No local account can have such a name, and no two identities the same.
fn user_name(identity: &Identity) -> String {
    format!("{} {}", identity.subject, identity.issuer)
}

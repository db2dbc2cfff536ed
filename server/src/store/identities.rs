//! People whom an identity provider signs in.

use domain::Timestamp;
use domain::account::{Identity, Profile, SignOutOrder, TokenHash};
use domain::audit::Event;
use domain::person::{PersonId, SessionId};
use domain::ports::{Proofs, StoreError};
use uuid::Uuid;

use super::accounts::about;
use super::audit::{AuditRow, audit};
use super::sql::SqlStore;
use crate::database::{Tx, query};

/// For so long a second use is noticed; whatever may be used once is void long before.
const USED_SECONDS: i64 = 24 * 60 * 60;

impl SqlStore {
    pub(super) async fn upsert_identity(
        &self,
        identity: &Identity,
        profile: &Profile,
        newcomer: PersonId,
        now: Timestamp,
    ) -> Result<PersonId, StoreError> {
        let mut tx = self.database.write().await?;
        let known: Option<Uuid> = query("SELECT person FROM identities WHERE issuer = $1 AND subject = $2")
            .bind(&identity.issuer)
            .bind(&identity.subject)
            .value_if_any(&mut tx)
            .await?;
        let person = if let Some(person) = known {
            let person = PersonId(person);
            let changed = query(
                "UPDATE people SET name = $1, email = $2, subject = $3, it_admin = $4
                 WHERE id = $5 AND (name, email, subject, it_admin) IS DISTINCT FROM ($1, $2, $3, $4)",
            )
            .bind(&profile.name)
            .bind(&profile.email)
            .bind(&profile.subject)
            .bind(profile.it_admin)
            .bind(person.0)
            .execute(&mut tx)
            .await?
                > 0;
            if changed {
                audit(&mut tx, about(person, Event::PersonChanged), now)?;
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
        audit(&mut tx, AuditRow { person: None, event, device: None, command: None }, now)?;
        tx.commit().await
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
        let ended = query(
            "UPDATE sessions SET ended_at = $1
             WHERE ended_at IS NULL AND issuer = $2
               AND ($3 IS NULL OR provider_session = $3 OR (provider_session IS NULL AND $4 IS NOT NULL))
               AND ($4 IS NULL OR person IN (SELECT person FROM identities WHERE issuer = $2 AND subject = $4))
               AND ($3 IS NOT NULL OR $4 IS NOT NULL)
             RETURNING id, person",
        )
        .bind(now)
        .bind(&order.issuer)
        .bind(order.session.as_deref())
        .bind(order.subject.as_deref())
        .fetch_all(&mut tx)
        .await?;
        let mut sessions = Vec::new();
        for row in &ended {
            audit(&mut tx, about(row.get("person")?, Event::SignedOutByProvider), now)?;
            sessions.push(SessionId(row.get("id")?));
        }
        tx.commit().await?;
        Ok(Some(sessions))
    }

    pub(super) async fn select_issuer_of(&self, session: SessionId) -> Result<Option<String>, StoreError> {
        query("SELECT issuer FROM sessions WHERE id = $1").bind(session.0).value_if_any(&self.database).await
    }

    pub(super) async fn select_proofs_of(&self, issuer: &str) -> Result<Proofs, StoreError> {
        let row = query(
            "SELECT count(*) AS sign_ins, count(told_at) AS told
             FROM (SELECT told_at FROM sessions WHERE issuer = $1 ORDER BY authenticated_at DESC LIMIT 20) AS newest",
        )
        .bind(issuer)
        .fetch_one(&self.database)
        .await?;
        Ok(Proofs { sign_ins: row.get("sign_ins")?, told: row.get("told")? })
    }
}

async fn use_once(tx: &mut Tx, what: &TokenHash, now: Timestamp) -> Result<bool, StoreError> {
    query("DELETE FROM used_once WHERE used_at < $1")
        .bind(now.plus_seconds(-USED_SECONDS))
        .execute(&mut *tx)
        .await?;
    let used = query("INSERT INTO used_once (what, used_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(&what.0[..])
        .bind(now)
        .execute(&mut *tx)
        .await?;
    Ok(used > 0)
}

async fn insert_person(
    tx: &mut Tx,
    identity: &Identity,
    profile: &Profile,
    newcomer: PersonId,
    now: Timestamp,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO people (id, user_name, name, email, subject, it_admin, password_hash, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, '', $7)",
    )
    .bind(newcomer.0)
    .bind(user_name(tx, identity, newcomer).await?)
    .bind(&profile.name)
    .bind(&profile.email)
    .bind(&profile.subject)
    .bind(profile.it_admin)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    query("INSERT INTO identities (issuer, subject, person) VALUES ($1, $2, $3)")
        .bind(&identity.issuer)
        .bind(&identity.subject)
        .bind(newcomer.0)
        .execute(&mut *tx)
        .await?;
    audit(tx, about(newcomer, Event::PersonAdded), now)
}

/// What an operator calls the account. No local account can have such a name.
async fn user_name(tx: &mut Tx, identity: &Identity, newcomer: PersonId) -> Result<String, StoreError> {
    let name = format!("{} {}", identity.subject, identity.issuer);
    let is_taken: bool = query("SELECT EXISTS (SELECT 1 FROM people WHERE lower(user_name) = lower($1))")
        .bind(&name)
        .value(&mut *tx)
        .await?;
    // To a provider two subjects are two, also when they differ in nothing but capital letters.
    Ok(if is_taken { format!("{name} {}", newcomer.0) } else { name })
}

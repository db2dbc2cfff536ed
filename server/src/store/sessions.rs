use domain::account::{BROWSER_KNOWN_SECONDS, SignedIn, TokenHash};
use domain::audit::Event;
use domain::command::CommandId;
use domain::device::DeviceId;
use domain::freshness::{Grant, GrantId, Purpose, SignInWindow, Verdict, WindowId};
use domain::person::{Actor, PersonId, SessionId};
use domain::ports::{Means, NewSession, SessionLimits, StoreError, WindowOutcome};
use domain::{Refusal, Timestamp};
use uuid::Uuid;

use super::accounts::about;
use super::audit::{AuditRow, audit};
use super::names::Named;
use super::passkeys;
use super::sql::{SqlStore, person_from};
use crate::database::{On, Row, Tx, query};

/// How stale `last_used_at` may grow before a request writes it: a page view should not cost a commit.
const USED_EVERY_MILLIS: i64 = 60_000;

impl SqlStore {
    pub(super) async fn insert_session(
        &self,
        new: &NewSession,
        now: Timestamp,
    ) -> Result<Result<Option<WindowOutcome>, Refusal>, StoreError> {
        let mut tx = self.database.write().await?;
        if is_disabled(&mut tx, new.person).await? {
            audit(&mut tx, about(new.person, Event::SignInOfDisabled), now)?;
            tx.commit().await?;
            return Ok(Err(Refusal::AccountDisabled));
        }
        if !passkeys::use_means(&mut tx, new, now).await? {
            return Ok(Err(refused(&new.by)));
        }
        if let Some(replaced) = new.arriving.replaces {
            query("UPDATE sessions SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL")
                .bind(now)
                .bind(replaced.0)
                .execute(&mut tx)
                .await?;
        }
        let (issuer, provider_session) = match &new.by {
            Means::Provider { issuer, session } => (Some(issuer), session.as_ref()),
            Means::Password { .. } | Means::RecoveryCode(_) | Means::Passkey(_) => (None, None),
        };
        query(
            "INSERT INTO sessions (id, token, person, agent, authenticated_at, last_used_at, proven_at, told_at, issuer,
                                   provider_session)
             VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9)",
        )
        .bind(new.session.0)
        .bind(&new.arriving.token.0[..])
        .bind(new.person.0)
        .bind(&new.arriving.agent)
        .bind(now)
        .bind(new.proof.proven_at(now))
        .bind(new.proof.at)
        .bind(issuer)
        .bind(provider_session)
        .execute(&mut tx)
        .await?;
        audit(&mut tx, about(new.person, Event::SignedIn), now)?;
        remember_browser(&mut tx, new, now).await?;
        let outcome = match &new.arriving.browser {
            Some(browser) => consume_window(&mut tx, new, browser, now).await?,
            None => None,
        };
        tx.commit().await?;
        Ok(Ok(outcome))
    }

    pub(super) async fn select_actor(
        &self,
        token: &TokenHash,
        limits: &SessionLimits,
        now: Timestamp,
    ) -> Result<Option<Actor>, StoreError> {
        let row = query(
            "SELECT p.id, p.user_name, p.name, p.email, p.subject, p.it_admin,
                    s.id AS session, s.proven_at, s.last_used_at
             FROM sessions s JOIN people p ON p.id = s.person
             WHERE s.token = $1 AND s.ended_at IS NULL AND s.last_used_at >= $2 AND s.authenticated_at >= $3",
        )
        .bind(&token.0[..])
        .bind(now.plus_seconds(-limits.idle_seconds))
        .bind(now.plus_seconds(-limits.absolute_seconds))
        .fetch_optional(&self.database)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let session = SessionId(row.get("session")?);
        let last_used = row.get("last_used_at")?;
        if now.millis_since(last_used) >= USED_EVERY_MILLIS {
            self.note_use(session, now).await;
        }
        Ok(Some(Actor { person: person_from(&row)?, session, proven_at: row.maybe("proven_at")? }))
    }

    /// A full disk must not keep people from reading their pages, so a failure here is only logged.
    async fn note_use(&self, session: SessionId, now: Timestamp) {
        let update = async {
            let mut tx = self.database.write().await?;
            query("UPDATE sessions SET last_used_at = $1 WHERE id = $2")
                .bind(now)
                .bind(session.0)
                .execute(&mut tx)
                .await?;
            tx.commit().await
        };
        if let Err(error) = update.await {
            tracing::warn!(%error, "the last use of a session was not noted");
        }
    }

    pub(super) async fn update_signed_out(&self, actor: &Actor, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        end_session(&mut tx, actor, actor.session, now).await?;
        tx.commit().await
    }

    pub(super) async fn insert_window(
        &self,
        actor: &Actor,
        window: &SignInWindow,
        browser: &TokenHash,
        replaces: Option<&TokenHash>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        if let Some(older) = replaces {
            query("UPDATE windows SET consumed_at = $1 WHERE browser = $2 AND consumed_at IS NULL")
                .bind(now)
                .bind(&older.0[..])
                .execute(&mut tx)
                .await?;
        }
        end_session(&mut tx, actor, actor.session, now).await?;
        let device = window.device.to_string();
        query(
            "INSERT INTO windows (id, browser, person, device, purpose, opened_at, seconds)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(window.id.0)
        .bind(&browser.0[..])
        .bind(window.person.0)
        .bind(&device)
        .bind(window.purpose.name())
        .bind(window.opened_at)
        .bind(window.seconds)
        .execute(&mut tx)
        .await?;
        let row = AuditRow {
            person: Some(actor.person.id),
            event: Event::WindowOpened,
            device: Some(&device),
            command: None,
        };
        audit(&mut tx, row, now)?;
        tx.commit().await
    }

    pub(super) async fn select_window(
        &self,
        browser: &TokenHash,
    ) -> Result<Option<SignInWindow>, StoreError> {
        query("SELECT id, person, device, purpose, opened_at, seconds FROM windows WHERE browser = $1 AND consumed_at IS NULL")
            .bind(&browser.0[..])
            .fetch_optional(&self.database)
            .await?
            .map(|row| window_from(&row))
            .transpose()
    }

    pub(super) async fn select_sessions(
        &self,
        actor: &Actor,
        limits: &SessionLimits,
        now: Timestamp,
    ) -> Result<Vec<SignedIn>, StoreError> {
        let rows = query(
            "SELECT id, agent, authenticated_at, last_used_at FROM sessions
             WHERE person = $1 AND ended_at IS NULL AND last_used_at >= $2 AND authenticated_at >= $3
             ORDER BY last_used_at DESC",
        )
        .bind(actor.person.id.0)
        .bind(now.plus_seconds(-limits.idle_seconds))
        .bind(now.plus_seconds(-limits.absolute_seconds))
        .fetch_all(&self.database)
        .await?;
        rows.iter()
            .map(|row| {
                let session = SessionId(row.get("id")?);
                Ok(SignedIn {
                    session,
                    agent: row.get("agent")?,
                    signed_in_at: row.get("authenticated_at")?,
                    last_used_at: row.get("last_used_at")?,
                    this_one: session == actor.session,
                })
            })
            .collect()
    }

    pub(super) async fn update_session_ended(
        &self,
        actor: &Actor,
        session: SessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.database.write().await?;
        let ended = end_session(&mut tx, actor, session, now).await?;
        tx.commit().await?;
        Ok(ended)
    }

    pub(super) async fn select_ended_since(&self, since: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        let ended: Vec<Uuid> =
            query("SELECT id FROM sessions WHERE ended_at >= $1").bind(since).values(&self.database).await?;
        Ok(ended.into_iter().map(SessionId).collect())
    }

    pub(super) async fn select_grant(
        &self,
        actor: &Actor,
        device: &DeviceId,
    ) -> Result<Option<Grant>, StoreError> {
        let grant = newest_grant(&self.database, actor, device).await?;
        Ok(grant.filter(|grant| grant.spent_on.is_none()))
    }
}

const fn refused(by: &Means) -> Refusal {
    match by {
        Means::Passkey(_) => Refusal::PasskeyNotBelieved,
        _ => Refusal::WrongCredentials,
    }
}

async fn is_disabled(tx: &mut Tx, person: PersonId) -> Result<bool, StoreError> {
    let disabled: Option<bool> = query("SELECT disabled_at IS NOT NULL FROM people WHERE id = $1")
        .bind(person.0)
        .value_if_any(&mut *tx)
        .await?;
    Ok(disabled.unwrap_or(true))
}

/// What is known of a browser goes on under its new token, so that a copied one is worth nothing after the next sign-in.
async fn remember_browser(tx: &mut Tx, new: &NewSession, now: Timestamp) -> Result<(), StoreError> {
    if let Some(before) = &new.arriving.known_before {
        query("UPDATE known_browsers SET browser = $1 WHERE browser = $2")
            .bind(&new.arriving.known_browser.0[..])
            .bind(&before.0[..])
            .execute(&mut *tx)
            .await?;
    }
    query(
        "INSERT INTO known_browsers (browser, person, signed_in_at) VALUES ($1, $2, $3)
         ON CONFLICT (browser, person) DO UPDATE SET signed_in_at = excluded.signed_in_at",
    )
    .bind(&new.arriving.known_browser.0[..])
    .bind(new.person.0)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    query("DELETE FROM known_browsers WHERE person = $1 AND signed_in_at < $2")
        .bind(new.person.0)
        .bind(now.plus_seconds(-BROWSER_KNOWN_SECONDS))
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// The first sign-in in the window's browser consumes it, whoever it is and however late.
async fn consume_window(
    tx: &mut Tx,
    new: &NewSession,
    browser: &TokenHash,
    now: Timestamp,
) -> Result<Option<WindowOutcome>, StoreError> {
    let row = query(
        "UPDATE windows SET consumed_at = $1 WHERE browser = $2 AND consumed_at IS NULL
             RETURNING id, person, device, purpose, opened_at, seconds",
    )
    .bind(now)
    .bind(&browser.0[..])
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let window = window_from(&row)?;
    let verdict = window.judge(new.person, new.proof, now);
    let device = window.device.to_string();
    if verdict == Verdict::Granted && window.purpose == Purpose::Reset {
        query("INSERT INTO grants (id, person, device, session, granted_at) VALUES ($1, $2, $3, $4, $5)")
            // One grant a window at most: the window's id is the grant's.
            .bind(window.id.0)
            .bind(new.person.0)
            .bind(&device)
            .bind(new.session.0)
            .bind(now)
            .execute(&mut *tx)
            .await?;
    }
    let event = match verdict {
        Verdict::Granted => Event::WindowProven,
        Verdict::Late => Event::WindowLate,
        Verdict::AnotherPerson => Event::WindowOfAnotherPerson,
        Verdict::NotFresh => Event::WindowNotFresh,
        Verdict::TooWeak => Event::WindowTooWeak,
    };
    let row = AuditRow { person: Some(new.person), event, device: Some(&device), command: None };
    audit(tx, row, now)?;
    Ok(Some(WindowOutcome { verdict, purpose: window.purpose, device: window.device }))
}

/// Whose session it is stands in the condition, so that a stranger's id ends nothing.
async fn end_session(
    tx: &mut Tx,
    actor: &Actor,
    session: SessionId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let ended = query("UPDATE sessions SET ended_at = $1 WHERE id = $2 AND person = $3 AND ended_at IS NULL")
        .bind(now)
        .bind(session.0)
        .bind(actor.person.id.0)
        .execute(&mut *tx)
        .await?
        > 0;
    if ended {
        audit(tx, about(actor.person.id, Event::SignedOut), now)?;
    }
    Ok(ended)
}

macro_rules! newest_grant_query {
    () => {
        "SELECT g.id, g.person, g.session, g.granted_at, g.spent_on FROM grants g JOIN sessions s ON s.id = g.session
         WHERE g.session = $1 AND g.device = $2 AND g.person = $3 AND s.ended_at IS NULL
         ORDER BY g.granted_at DESC LIMIT 1"
    };
}
pub(super) use newest_grant_query;

/// The newest grant of this session for this device, spent or not.
pub(super) async fn newest_grant(
    on: impl Into<On<'_>>,
    actor: &Actor,
    device: &DeviceId,
) -> Result<Option<Grant>, StoreError> {
    let row = query(newest_grant_query!())
        .bind(actor.session.0)
        .bind(device.to_string())
        .bind(actor.person.id.0)
        .fetch_optional(on)
        .await?;
    row.map(|row| grant_from(&row, device)).transpose()
}

pub(super) fn grant_from(row: &Row, device: &DeviceId) -> Result<Grant, StoreError> {
    Ok(Grant {
        id: GrantId(row.get("id")?),
        person: PersonId(row.get("person")?),
        device: device.clone(),
        session: SessionId(row.get("session")?),
        granted_at: row.get("granted_at")?,
        spent_on: row.maybe::<Uuid>("spent_on")?.map(CommandId),
    })
}

fn window_from(row: &Row) -> Result<SignInWindow, StoreError> {
    Ok(SignInWindow {
        id: WindowId(row.get("id")?),
        person: PersonId(row.get("person")?),
        device: row.get::<String>("device")?.parse()?,
        purpose: Purpose::parse(&row.get::<String>("purpose")?)?,
        opened_at: row.get("opened_at")?,
        seconds: row.get("seconds")?,
    })
}

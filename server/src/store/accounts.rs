use domain::account::{Account, TokenHash};
use domain::audit::Event;
use domain::person::{Actor, Person, PersonId, SessionId};
use domain::ports::StoreError;
use domain::{Refusal, Timestamp};
use uuid::Uuid;

use super::audit::{AuditRow, audit};
use super::passcodes::session_lives;
use super::passkeys;
use super::sql::{SqlStore, person_from};
use crate::database::{Tx, query};

impl SqlStore {
    pub(super) async fn insert_person(
        &self,
        person: &Person,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        query(
            "INSERT INTO people (id, user_name, name, email, it_admin, password_hash, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(person.id.0)
        .bind(&person.user_name)
        .bind(&person.name)
        .bind(&person.email)
        .bind(person.it_admin)
        .bind(password_hash)
        .bind(now)
        .execute(&mut tx)
        .await?;
        audit(&mut tx, about(person.id, Event::PersonAdded), now)?;
        tx.commit().await
    }

    pub(super) async fn select_person(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        query("SELECT id, user_name, name, email, subject, it_admin FROM people WHERE id = $1")
            .bind(id.0)
            .fetch_optional(&self.database)
            .await?
            .map(|row| person_from(&row))
            .transpose()
    }

    pub(super) async fn select_password_of_user(
        &self,
        user_name: &str,
    ) -> Result<Option<(PersonId, String)>, StoreError> {
        let row =
            query("SELECT id, password_hash FROM people WHERE lower(user_name) = lower($1) AND password_hash <> '' AND disabled_at IS NULL")
                .bind(user_name)
                .fetch_optional(&self.database)
                .await?;
        Ok(match row {
            Some(row) => Some((PersonId(row.get("id")?), row.get("password_hash")?)),
            None => None,
        })
    }

    pub(super) async fn select_password_of_person(&self, id: PersonId) -> Result<Option<String>, StoreError> {
        query("SELECT password_hash FROM people WHERE id = $1 AND password_hash <> ''")
            .bind(id.0)
            .value_if_any(&self.database)
            .await
    }

    pub(super) async fn select_has_passwords(&self) -> Result<bool, StoreError> {
        let any = "SELECT EXISTS (SELECT 1 FROM people WHERE password_hash <> '' AND disabled_at IS NULL)";
        query(any).value(&self.database).await
    }

    pub(super) async fn update_password(
        &self,
        actor: &Actor,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let person = actor.person.id;
        let mut tx = self.database.write().await?;
        if !session_lives(&mut tx, actor).await? {
            return Ok(Err(Refusal::NotSignedIn));
        }
        write_password(&mut tx, person, password_hash).await?;
        end_what_was_proven(&mut tx, person, Some(actor.session), now).await?;
        // Somebody may have changed it because another one knew it.
        passkeys::forget_recovery_codes(&mut tx, person).await?;
        audit(&mut tx, about(person, Event::PasswordChanged), now)?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    pub(super) async fn update_password_of(
        &self,
        person: PersonId,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        write_password(&mut tx, person, password_hash).await?;
        end_what_was_proven(&mut tx, person, None, now).await?;
        forget_browsers(&mut tx, person).await?;
        passkeys::forget_all(&mut tx, person).await?;
        audit(&mut tx, about(person, Event::PasswordSet), now)?;
        tx.commit().await
    }

    pub(super) async fn update_disabled(
        &self,
        person: PersonId,
        disabled: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        query("UPDATE people SET disabled_at = $1 WHERE id = $2")
            .bind(disabled.then_some(now))
            .bind(person.0)
            .execute(&mut tx)
            .await?;
        end_what_was_proven(&mut tx, person, None, now).await?;
        forget_browsers(&mut tx, person).await?;
        let event = if disabled { Event::PersonDisabled } else { Event::PersonEnabled };
        audit(&mut tx, about(person, event), now)?;
        tx.commit().await
    }

    pub(super) async fn select_accounts(&self) -> Result<Vec<Account>, StoreError> {
        let rows = query(
            "SELECT id, user_name, name, email, subject, it_admin, disabled_at FROM people ORDER BY lower(user_name)",
        )
        .fetch_all(&self.database)
        .await?;
        rows.iter()
            .map(|row| {
                let disabled = row.maybe::<Timestamp>("disabled_at")?.is_some();
                Ok(Account { person: person_from(row)?, disabled })
            })
            .collect()
    }

    /// The name itself may be a password typed into the wrong field, so it is written down only when somebody has it.
    pub(super) async fn insert_failed_sign_in(
        &self,
        user_name: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        let person: Option<Uuid> = query("SELECT id FROM people WHERE lower(user_name) = lower($1)")
            .bind(user_name)
            .value_if_any(&mut tx)
            .await?;
        let person = person.map(PersonId);
        let row = AuditRow { person, event: Event::SignInFailed, device: None, command: None };
        audit(&mut tx, row, now)?;
        tx.commit().await
    }

    pub(super) async fn select_known_browser(
        &self,
        user_name: &str,
        browser: &TokenHash,
    ) -> Result<bool, StoreError> {
        query(
            "SELECT EXISTS (SELECT 1 FROM known_browsers k JOIN people p ON p.id = k.person
                            WHERE k.browser = $1 AND lower(p.user_name) = lower($2))",
        )
        .bind(&browser.0[..])
        .bind(user_name)
        .value(&self.database)
        .await
    }
}

async fn write_password(tx: &mut Tx, person: PersonId, password_hash: &str) -> Result<(), StoreError> {
    query("UPDATE people SET password_hash = $1 WHERE id = $2")
        .bind(password_hash)
        .bind(person.0)
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// Sessions, windows and grants. A window proves that one knows the password; after a change it would prove it of the
/// old one.
async fn end_what_was_proven(
    tx: &mut Tx,
    person: PersonId,
    except: Option<SessionId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    query(
        "UPDATE sessions SET ended_at = $1 WHERE person = $2 AND ($3 IS NULL OR id <> $3) AND ended_at IS NULL",
    )
    .bind(now)
    .bind(person.0)
    .bind(except.map(|session| session.0))
    .execute(&mut *tx)
    .await?;
    query("UPDATE windows SET consumed_at = $1 WHERE person = $2 AND consumed_at IS NULL")
        .bind(now)
        .bind(person.0)
        .execute(&mut *tx)
        .await?;
    query("DELETE FROM grants WHERE person = $1 AND spent_on IS NULL")
        .bind(person.0)
        .execute(&mut *tx)
        .await?;
    Ok(())
}

async fn forget_browsers(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    query("DELETE FROM known_browsers WHERE person = $1").bind(person.0).execute(&mut *tx).await?;
    Ok(())
}

pub(super) const fn about(person: PersonId, event: Event) -> AuditRow<'static> {
    AuditRow { person: Some(person), event, device: None, command: None }
}

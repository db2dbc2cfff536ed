use domain::Timestamp;
use domain::person::{Actor, Person, PersonId};
use domain::ports::StoreError;
use sqlx::Row;

use super::sqlite::{AuditRow, SqliteStore, audit, person_from};

impl SqliteStore {
    pub(super) async fn insert_person(
        &self,
        person: &Person,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        sqlx::query(
            "INSERT INTO people (id, user_name, name, email, it_admin, password_hash, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(person.id.0)
        .bind(&person.user_name)
        .bind(&person.name)
        .bind(&person.email)
        .bind(person.it_admin)
        .bind(password_hash)
        .bind(now.0)
        .execute(&mut *tx)
        .await?;
        let row = AuditRow { person: Some(person.id), event: "person_added", device: None, command: None };
        audit(&mut tx, row, now).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn select_person(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        sqlx::query("SELECT id, user_name, name, email, it_admin FROM people WHERE id = ?")
            .bind(id.0)
            .fetch_optional(&self.database.reads)
            .await?
            .map(|row| person_from(&row))
            .transpose()
    }

    pub(super) async fn select_password_of_user(
        &self,
        user_name: &str,
    ) -> Result<Option<(PersonId, String)>, StoreError> {
        let row = sqlx::query("SELECT id, password_hash FROM people WHERE user_name = ?")
            .bind(user_name)
            .fetch_optional(&self.database.reads)
            .await?;
        Ok(match row {
            Some(row) => Some((PersonId(row.try_get("id")?), row.try_get("password_hash")?)),
            None => None,
        })
    }

    pub(super) async fn select_password_of_person(&self, id: PersonId) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT password_hash FROM people WHERE id = ?")
            .bind(id.0)
            .fetch_optional(&self.database.reads)
            .await?)
    }

    /// A window proves that one knows the password; after a change it would prove it of the old one.
    pub(super) async fn update_password(
        &self,
        actor: &Actor,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let person = actor.person.id.0;
        let mut tx = self.database.write().await?;
        sqlx::query("UPDATE people SET password_hash = ? WHERE id = ?")
            .bind(password_hash)
            .bind(person)
            .execute(&mut *tx)
            .await?;
        sqlx::query("UPDATE sessions SET ended_at = ? WHERE person = ? AND id <> ? AND ended_at IS NULL")
            .bind(now.0)
            .bind(person)
            .bind(actor.session.0)
            .execute(&mut *tx)
            .await?;
        sqlx::query("UPDATE windows SET consumed_at = ? WHERE person = ? AND consumed_at IS NULL")
            .bind(now.0)
            .bind(person)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM grants WHERE person = ? AND spent_on IS NULL")
            .bind(person)
            .execute(&mut *tx)
            .await?;
        let row = AuditRow {
            person: Some(actor.person.id),
            event: "password_changed",
            device: None,
            command: None,
        };
        audit(&mut tx, row, now).await?;
        Ok(tx.commit().await?)
    }
}

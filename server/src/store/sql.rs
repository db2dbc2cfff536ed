//! The portal's rows, in SQLite or in PostgreSQL.

use std::path::Path;

use async_trait::async_trait;
use domain::Timestamp;
use domain::account::{Account, Identity, Profile, SignOutOrder, SignedIn, TokenHash};
use domain::audit::{AuditEntry, Event, Head};
use domain::command::{Command, CommandId, CommandStep, Submission};
use domain::device::{Device, DeviceId, FleetId};
use domain::freshness::{Grant, SignInWindow};
use domain::live::Bell;
use domain::notification::Notification;
use domain::passkey::{Passkey, PasskeyId};
use domain::person::{Actor, Person, PersonId, SessionId};
use domain::ports::{
    Denied, Lease, NewSession, Pause, Proofs, Sealed, SessionLimits, Settlement, Store, StoreError,
    StoredPasscode, WindowOutcome,
};
use domain::tries::Try;
use sqlx::migrate::Migrator;

use crate::database::{Database, Engine, Row, query};

pub struct SqlStore {
    pub(super) database: Database,
}

pub(super) static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
pub(super) static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

impl SqlStore {
    pub async fn in_file(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { database: Database::file(path, Some(&SQLITE)).await? })
    }

    pub async fn on_server(url: &str, connections: u32) -> Result<Self, StoreError> {
        Ok(Self { database: Database::server(url, connections, Some(&POSTGRES)).await? })
    }

    pub fn database(&self) -> Database {
        self.database.clone()
    }

    /// The write-ahead log of SQLite keeps older pages, and with them what was just erased, until it is emptied. What was
    /// erased stays erased when this fails, and goes from the log with the next time it is emptied.
    pub(super) async fn empty_log(&self) {
        let Engine::Sqlite(file) = self.database.engine() else { return };
        let emptied = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&file.writes).await;
        let why = match emptied {
            Ok(0_i64) => return,
            Ok(_) => "it is being read".to_owned(),
            Err(error) => error.to_string(),
        };
        tracing::warn!(why, "the write-ahead log still holds the ciphertext of an erased passcode");
    }
}

/// Reads a person from columns `id, user_name, name, email, subject, it_admin`.
pub(super) fn person_from(row: &Row) -> Result<Person, StoreError> {
    Ok(Person {
        id: PersonId(row.get("id")?),
        user_name: row.get("user_name")?,
        name: row.get("name")?,
        email: row.get("email")?,
        subject: row.get("subject")?,
        it_admin: row.get("it_admin")?,
    })
}

/// Each line leads to the transaction of its name, grouped by file.
#[async_trait]
impl Store for SqlStore {
    async fn add_person(&self, person: &Person, hash: &str, now: Timestamp) -> Result<(), StoreError> {
        self.insert_person(person, hash, now).await
    }
    async fn person(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        self.select_person(id).await
    }
    async fn password_of_user(&self, user_name: &str) -> Result<Option<(PersonId, String)>, StoreError> {
        self.select_password_of_user(user_name).await
    }
    async fn password_of_person(&self, id: PersonId) -> Result<Option<String>, StoreError> {
        self.select_password_of_person(id).await
    }
    async fn has_passwords(&self) -> Result<bool, StoreError> {
        self.select_has_passwords().await
    }
    async fn change_password(&self, actor: &Actor, hash: &str, now: Timestamp) -> Result<(), Denied> {
        Ok(self.update_password(actor, hash, now).await??)
    }
    async fn set_password(&self, person: PersonId, hash: &str, now: Timestamp) -> Result<(), StoreError> {
        self.update_password_of(person, hash, now).await
    }
    async fn set_disabled(&self, person: PersonId, disabled: bool, now: Timestamp) -> Result<(), StoreError> {
        self.update_disabled(person, disabled, now).await
    }
    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.select_accounts().await
    }
    async fn note_failed_sign_in(&self, user_name: &str, now: Timestamp) -> Result<(), StoreError> {
        self.insert_failed_sign_in(user_name, now).await
    }
    async fn knows_browser(&self, user_name: &str, browser: &TokenHash) -> Result<bool, StoreError> {
        self.select_known_browser(user_name, browser).await
    }

    async fn sign_in(&self, new: &NewSession, now: Timestamp) -> Result<Option<WindowOutcome>, Denied> {
        Ok(self.insert_session(new, now).await??)
    }
    async fn person_of(
        &self,
        identity: &Identity,
        profile: &Profile,
        newcomer: PersonId,
        now: Timestamp,
    ) -> Result<PersonId, StoreError> {
        self.upsert_identity(identity, profile, newcomer, now).await
    }
    async fn use_once(&self, what: &TokenHash, now: Timestamp) -> Result<bool, StoreError> {
        self.insert_used_once(what, now).await
    }
    async fn note(&self, event: Event, now: Timestamp) -> Result<(), StoreError> {
        self.insert_event(event, now).await
    }
    async fn end_provider_sessions(
        &self,
        order: &SignOutOrder,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.update_provider_sessions_ended(order, now).await
    }
    async fn issuer_of(&self, session: SessionId) -> Result<Option<String>, StoreError> {
        self.select_issuer_of(session).await
    }
    async fn proofs_of(&self, issuer: &str) -> Result<Proofs, StoreError> {
        self.select_proofs_of(issuer).await
    }
    async fn actor(
        &self,
        token: &TokenHash,
        limits: &SessionLimits,
        now: Timestamp,
    ) -> Result<Option<Actor>, StoreError> {
        self.select_actor(token, limits, now).await
    }
    async fn sign_out(&self, actor: &Actor, now: Timestamp) -> Result<(), StoreError> {
        self.update_signed_out(actor, now).await
    }
    async fn sign_out_to_prove(
        &self,
        actor: &Actor,
        window: &SignInWindow,
        browser: &TokenHash,
        replaces: Option<&TokenHash>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.insert_window(actor, window, browser, replaces, now).await
    }
    async fn window(&self, browser: &TokenHash) -> Result<Option<SignInWindow>, StoreError> {
        self.select_window(browser).await
    }
    async fn sessions(
        &self,
        actor: &Actor,
        limits: &SessionLimits,
        now: Timestamp,
    ) -> Result<Vec<SignedIn>, StoreError> {
        self.select_sessions(actor, limits, now).await
    }
    async fn end_session(
        &self,
        actor: &Actor,
        session: SessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.update_session_ended(actor, session, now).await
    }
    async fn sessions_ended_since(&self, since: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        self.select_ended_since(since).await
    }
    async fn grant(&self, actor: &Actor, device: &DeviceId) -> Result<Option<Grant>, StoreError> {
        self.select_grant(actor, device).await
    }

    async fn take_tries(&self, tries: &[Try], period_millis: i64, now: Timestamp) -> Result<(), Denied> {
        Ok(self.update_tries(tries, period_millis, now).await??)
    }
    async fn give_back_tries(&self, tries: &[Try], now: Timestamp) -> Result<(), StoreError> {
        self.update_tries_given_back(tries, now).await
    }

    async fn passkeys(&self, person: PersonId) -> Result<Vec<Passkey>, StoreError> {
        self.select_passkeys(person).await
    }
    async fn add_passkey(&self, actor: &Actor, passkey: &Passkey) -> Result<(), Denied> {
        Ok(self.insert_passkey(actor, passkey).await??)
    }
    async fn remove_passkey(
        &self,
        actor: &Actor,
        id: &PasskeyId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.delete_passkey(actor, id, now).await
    }
    async fn set_recovery_codes(
        &self,
        actor: &Actor,
        codes: &[TokenHash],
        now: Timestamp,
    ) -> Result<(), Denied> {
        Ok(self.replace_recovery_codes(actor, codes, now).await??)
    }
    async fn recovery_codes_left(&self, person: PersonId) -> Result<u32, StoreError> {
        self.count_recovery_codes(person).await
    }
    async fn owner_of_recovery_code(
        &self,
        user_name: &str,
        code: &TokenHash,
    ) -> Result<Option<PersonId>, StoreError> {
        self.select_owner_of_recovery_code(user_name, code).await
    }

    async fn submit(
        &self,
        actor: &Actor,
        device: &Device,
        command: &Command,
        at_most_an_hour: usize,
        now: Timestamp,
    ) -> Result<Submission, Denied> {
        Ok(self.insert_command(actor, device, command, at_most_an_hour, now).await??)
    }
    async fn last_commands(&self, person: PersonId) -> Result<Vec<Command>, StoreError> {
        self.select_last_commands(person).await
    }

    async fn last_command(&self, person: PersonId, device: &DeviceId) -> Result<Option<Command>, StoreError> {
        self.select_last_command(person, device).await
    }
    async fn open_command(&self, device: &DeviceId) -> Result<Option<Command>, StoreError> {
        self.select_open_command(device).await
    }
    async fn command(&self, id: CommandId) -> Result<Option<Command>, StoreError> {
        self.select_command(id).await
    }
    async fn steps(&self, command: CommandId) -> Result<Vec<CommandStep>, StoreError> {
        self.select_steps(command).await
    }
    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        busy: &[FleetId],
    ) -> Result<Option<Lease>, StoreError> {
        self.update_leased(now, until, busy).await
    }
    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<bool, StoreError> {
        self.update_renewed(lease, until).await
    }
    async fn begin_sending(
        &self,
        lease: &Lease,
        passcode: Option<&Sealed>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.update_sending(lease, passcode, now).await
    }
    async fn settle(&self, settlement: &Settlement, now: Timestamp) -> Result<Option<PersonId>, StoreError> {
        self.update_settled(settlement, now).await
    }
    async fn release(&self, lease: &Lease, pause: Pause) -> Result<(), StoreError> {
        self.update_released(lease, pause).await
    }
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.select_next_due().await
    }

    async fn passcode(
        &self,
        person: PersonId,
        device: &DeviceId,
        now: Timestamp,
    ) -> Result<Option<StoredPasscode>, StoreError> {
        self.select_passcode(person, device, now).await
    }
    async fn reveal(
        &self,
        actor: &Actor,
        device: &DeviceId,
        now: Timestamp,
    ) -> Result<StoredPasscode, Denied> {
        Ok(self.update_revealed(actor, device, now).await??)
    }
    async fn forget_passcode(
        &self,
        actor: &Actor,
        device: &DeviceId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.update_forgotten(actor, device, now).await
    }
    async fn erase_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.update_expired(now).await
    }

    async fn notifications(&self, person: PersonId) -> Result<Vec<Notification>, StoreError> {
        self.select_notifications(person, 0).await
    }
    async fn notifications_after(
        &self,
        person: PersonId,
        cursor: i64,
    ) -> Result<Vec<Notification>, StoreError> {
        self.select_notifications(person, cursor).await
    }
    async fn bell(&self, person: PersonId) -> Result<Bell, StoreError> {
        self.select_bell(person).await
    }
    async fn mark_read(&self, person: PersonId, up_to: i64, now: Timestamp) -> Result<(), StoreError> {
        self.update_read(person, up_to, now).await
    }

    async fn audit_after(&self, seq: i64, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.select_audit(seq, limit).await
    }
    async fn audit_of(&self, person: PersonId, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.select_audit_of(person, limit).await
    }
    async fn audit_head(&self) -> Result<Head, StoreError> {
        self.select_audit_head().await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        query("SELECT 1").execute(&self.database).await.map(drop)
    }
    async fn latest_time(&self) -> Result<Option<Timestamp>, StoreError> {
        query("SELECT at FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
            .value_if_any(&self.database)
            .await
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::database::sqlite;
    use crate::fakes::person;
    use domain::audit::Link;
    use domain::person::Person;

    /// As the versions before wrote it, with rows in each table that was changed since.
    async fn older(file: &Path, person: &Person) {
        let first = SQLITE.iter().take(3).cloned().collect();
        let migrator = Migrator { migrations: Cow::Owned(first), ..Migrator::DEFAULT };
        let database = sqlite::File::open(file, Some(&migrator)).await.unwrap();
        sqlx::query("INSERT INTO people VALUES (?, 'ana', 'Ana', 'ana@example.com', 0, 'a hash', 1, NULL)")
            .bind(person.id.0)
            .execute(&database.writes)
            .await
            .unwrap();
        sqlx::query("INSERT INTO sessions VALUES (?1, ?2, ?1, 'a browser', 5000, 5000, NULL)")
            .bind(person.id.0)
            .bind(&[7; 32][..])
            .execute(&database.writes)
            .await
            .unwrap();
        for event in ["person_added", "signed_in"] {
            sqlx::query("INSERT INTO audit (at, person, event) VALUES (5000, ?, ?)")
                .bind(person.id.0)
                .bind(event)
                .execute(&database.writes)
                .await
                .unwrap();
        }
    }

    #[tokio::test]
    async fn a_database_of_an_older_version_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let (file, ana) = (folder.path().join("older.db"), person("ana"));
        older(&file, &ana).await;
        let store = SqlStore::in_file(&file).await.unwrap();
        let limits = SessionLimits { idle_seconds: 3600, absolute_seconds: 3600 };
        let actor = store.actor(&TokenHash([7; 32]), &limits, Timestamp(6000)).await.unwrap().unwrap();
        assert_eq!(actor.proven_at, Some(Timestamp(5000)));
        assert_eq!(store.audit_head().await.unwrap(), Head { seq: 2, link: Link::NONE });
        store.sign_out(&actor, Timestamp(7000)).await.unwrap();
        let rows = store.audit_after(0, 10).await.unwrap();
        assert_eq!(
            rows.iter().map(|row| row.link).collect::<Vec<_>>(),
            [None, None, Some(Link::NONE.next(&rows[2]))]
        );
        assert_eq!((rows[2].seq, rows[2].event.as_str()), (3, "signed_out"));
    }
}

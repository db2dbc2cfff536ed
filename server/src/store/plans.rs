//! No statement on the way of a page, a sign-in or a reset reads a whole table: with a million rows it would be felt.

use std::sync::Arc;

use domain::account::TokenHash;
use domain::command::CommandState;
use domain::ports::{Clock, SessionLimits, Store};
use domain::tries::Try;
use sqlx::AssertSqlSafe;

use super::conformance::Story;
use super::sql::SqlStore;
use crate::database::{ASKED, query};
use crate::fleet::nanomdm::enrolments::Enrolments;
use crate::portal::Portal;

/// Tables are empty here, and PostgreSQL would rather read them whole: it does so now only where no index leads.
const RATHER_NOT: &str = "DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET enable_seqscan = off', current_database());
        PERFORM pg_stat_reset();
    END $$";

#[tokio::test]
async fn no_statement_reads_a_whole_table() {
    let portal = Portal::empty().await;
    let store = async || Arc::new(SqlStore::on_server(&portal.url(), 1).await.unwrap());
    store().await.database().close().await;
    portal.change("", RATHER_NOT).await.unwrap();

    let opened = store().await;
    whole_way(&Story::new(Arc::clone(&opened) as Arc<dyn Store>).await, opened.as_ref(), 1).await;
    // It does, but at the start of the program alone; so it is seen that this test sees it.
    opened.has_passwords().await.unwrap();
    // A connection tells what it read when it ends.
    opened.database().close().await;

    // One row, and one a version.
    let read = query(
        "SELECT relname::text FROM pg_stat_user_tables
         WHERE seq_scan > 0 AND relname NOT IN ('audit_head', '_sqlx_migrations')",
    );
    let read: Vec<String> = read.values(&store().await.database()).await.unwrap();
    assert_eq!(read, ["people"], "read as a whole");
}

#[tokio::test]
async fn sqlite_reads_no_whole_table_either() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Arc::new(SqlStore::in_file(&folder.path().join("portal.db")).await.unwrap());
    let story = Story::new(Arc::clone(&opened) as Arc<dyn Store>).await;
    ASKED.take();
    whole_way(&story, opened.as_ref(), 1).await;
    // As above.
    opened.has_passwords().await.unwrap();
    let mut read = Vec::new();
    for statement in ASKED.take().into_iter().filter(|statement| !statement.starts_with("PRAGMA")) {
        let plan = query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")));
        for row in plan.fetch_all(&opened.database()).await.unwrap() {
            let step: String = row.get("detail").unwrap();
            // One row each, or what an index has found before.
            let is_short = [
                "SCAN audit_head",
                "SCAN CONSTANT ROW",
                "SCAN (subquery",
                "SCAN newest",
                "SCAN 2-ROW VALUES",
                "SCAN 3-ROW VALUES",
            ];
            let of_an_mdm = step.ends_with("(fleet=?)");
            let reads_all = step.starts_with("SCAN ") || step.contains("AUTOMATIC") || of_an_mdm;
            if reads_all && !is_short.iter().any(|short| step.starts_with(short)) {
                read.push(format!("{step}: {statement}"));
            }
        }
    }
    assert!(matches!(read.as_slice(), [only] if only.starts_with("SCAN people: ")), "{read:#?}");
}

/// PostgreSQL does not carry out a statement that it knows already when the row that it gives has become another.
#[tokio::test]
async fn what_the_next_version_adds_breaks_no_statement() {
    let portal = Portal::empty().await;
    let opened = Arc::new(SqlStore::on_server(&portal.url(), 1).await.unwrap());
    let story = Story::new(Arc::clone(&opened) as Arc<dyn Store>).await;
    whole_way(&story, opened.as_ref(), 1).await;
    let add = "DO $$ DECLARE t name; BEGIN
            FOR t IN SELECT relname FROM pg_stat_user_tables LOOP
                EXECUTE format('ALTER TABLE %I ADD COLUMN of_the_next_version text', t);
            END LOOP;
        END $$";
    portal.change("", add).await.unwrap();
    whole_way(&story, opened.as_ref(), 2).await;

    let migrated = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (9000, 'of the next version', true, '', 0)";
    portal.change("", migrated).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let refused = opened.back_up(&folder.path().join("backup"), story.now()).await.unwrap_err();
    assert!(refused.0.contains("take the backup with that version"), "{refused}");
}

async fn whole_way(story: &Story, enrolments: &dyn Enrolments, number: u8) {
    let Story { store, ana, .. } = story;
    let limits = SessionLimits { idle_seconds: 3600, absolute_seconds: 43_200 };
    let phone = story.device("phone");
    let (now, cookie) = (story.now(), TokenHash([number; 32]));
    store.password_of_user("ana").await.unwrap();
    store.knows_browser("ana", &cookie).await.unwrap();
    store.owner_of_recovery_code("ana", &cookie).await.unwrap();
    store.note_failed_sign_in("ana", now).await.unwrap();
    store.take_tries(&[Try { key: cookie.clone(), most: 3 }], 60_000, now).await.unwrap();
    store.use_once(&cookie, now).await.unwrap();
    let actor = story.proven(&phone, number).await;
    store.actor(&cookie, &limits, now).await.unwrap();
    store.window(&cookie).await.unwrap();
    store.sessions(&actor, &limits, now).await.unwrap();
    store.sessions_ended_since(now).await.unwrap();
    store.issuer_of(actor.session).await.unwrap();
    store.proofs_of("issuer").await.unwrap();
    store.grant(&actor, &phone.id).await.unwrap();
    store.passkeys(ana.id).await.unwrap();
    store.recovery_codes_left(ana.id).await.unwrap();
    let command = story.done(&actor, &phone).await;
    assert!(!story.settle(command, CommandState::Failed).await);
    store.last_command(ana.id, &phone.id).await.unwrap();
    store.last_commands(ana.id).await.unwrap();
    store.open_command(&phone.id).await.unwrap();
    store.steps(command).await.unwrap();
    store.next_due().await.unwrap();
    store.passcode(ana.id, &phone.id, now).await.unwrap();
    store.reveal(&actor, &phone.id, story.clock.now()).await.unwrap();
    store.forget_passcode(&actor, &phone.id, now).await.unwrap();
    store.erase_expired(now).await.unwrap();
    enrolments.with_serials(phone.id.fleet(), &["S1"]).await.unwrap();
    enrolments.enrolment(phone.id.fleet(), "udid").await.unwrap();
    store.bell(ana.id).await.unwrap();
    store.notifications(ana.id).await.unwrap();
    store.notifications_after(ana.id, 1).await.unwrap();
    store.mark_read(ana.id, 1, now).await.unwrap();
    store.audit_of(ana.id, 50).await.unwrap();
    store.audit_head().await.unwrap();
    store.latest_time().await.unwrap();
    store.change_password(&actor, "another hash", now).await.unwrap();
    store.sign_out(&actor, now).await.unwrap();
}

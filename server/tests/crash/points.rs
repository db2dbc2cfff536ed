//! `kill -9` between the submit of a reset and its end, at ten different points: no command is lost, doubled or stuck,
//! and the passcode that is shown afterwards is the one that opens the phone.
//!
//! Each point is held from outside, by a lock or a trigger in one of the two databases, until the rows say that it is
//! reached; after the death the rows say so again.

use std::time::Duration;

use crate::support::{Browser, GALAXY, LUMIA_635, LUMIA_950, Program, until};

const PORTAL: &str = "portal.db";
const FLEET: &str = "fleet.db";
const RELEASE: &str = "DROP TRIGGER held";
const AT_MOST: Duration = Duration::from_secs(20);

/// What is written down when the program has died.
struct Then {
    state: &'static str,
    /// Whether a worker had taken the command in hand.
    taken: bool,
    journal: &'static [&'static str],
}

#[tokio::test]
async fn killed_01_while_the_submit_is_being_written() {
    let mut program = Program::start().await;
    let ana = program.browser();
    let id = ana.prove("ana", GALAXY).await;
    let lock = program.lock(PORTAL).await;
    let before = phones_looked_up(&program);
    let death = async {
        // The last that a submit reads before it writes.
        until("the submit is under way", AT_MOST, async || {
            (phones_looked_up(&program) > before).then_some(())
        })
        .await;
    };
    let submit = ana.try_reset(&id);
    tokio::pin!(submit);
    tokio::select! {
        answer = &mut submit => panic!("answered {answer:?} before it was written"),
        () = death => {}
    }
    program.kill();
    assert!(submit.await.is_none(), "nobody answered");
    drop(lock);
    assert_eq!(program.submitted().await, 0, "nothing was acknowledged, nothing is there");

    program.start_again().await;
    // The grant is as unspent as before.
    assert_eq!(ana.reset(&id).await.status, 200);
    assert_ended_well(&program, &ana, &id).await;
}

/// How often the portal asked the fleet for one phone.
fn phones_looked_up(program: &Program) -> usize {
    std::fs::read_to_string(program.log()).unwrap().matches("WHERE p.id = ?").count()
}

#[tokio::test]
async fn killed_02_before_a_worker_takes_it() {
    let hold =
        "CREATE TRIGGER held BEFORE UPDATE OF fence ON commands BEGIN SELECT RAISE(ABORT, 'held'); END";
    let then = Then { state: "queued", taken: false, journal: &[] };
    die_held(GALAXY, PORTAL, hold, then).await;
}

#[tokio::test]
async fn killed_03_before_sending_is_recorded() {
    let hold = "CREATE TRIGGER held BEFORE UPDATE OF state ON commands WHEN NEW.state = 'sending'
                BEGIN SELECT RAISE(ABORT, 'held'); END";
    let then = Then { state: "queued", taken: true, journal: &[] };
    die_held(LUMIA_950, PORTAL, hold, then).await;
}

#[tokio::test]
async fn killed_04_while_sending_before_the_mdm_has_it() {
    let mut program = Program::start().await;
    let ana = program.browser();
    let id = ana.prove("ana", LUMIA_635).await;
    let lock = program.lock(FLEET).await;
    assert_eq!(ana.reset(&id).await.status, 200);
    reached(&program, &Then { state: "sending", taken: true, journal: &[] }).await;
    program.kill();
    drop(lock);
    assert_left(&program, &Then { state: "sending", taken: true, journal: &[] }).await;

    program.start_again().await;
    assert_ended_well(&program, &ana, &id).await;
}

#[tokio::test]
async fn killed_05_after_the_mdm_gave_no_clear_answer() {
    let hold = "CREATE TRIGGER held BEFORE INSERT ON commands BEGIN SELECT RAISE(ABORT, 'held'); END";
    let then = Then { state: "unknown", taken: true, journal: &[] };
    die_held(GALAXY, FLEET, hold, then).await;
}

#[tokio::test]
async fn killed_06_after_the_mdm_has_it_before_that_is_recorded() {
    let hold = "CREATE TRIGGER held BEFORE UPDATE OF state ON commands WHEN NEW.state = 'sent'
                BEGIN SELECT RAISE(ABORT, 'held'); END";
    let then = Then { state: "sending", taken: true, journal: &["received"] };
    die_held(LUMIA_950, PORTAL, hold, then).await;
}

#[tokio::test]
async fn killed_07_after_it_was_sent_before_the_phone_fetches_it() {
    let hold = "CREATE TRIGGER held BEFORE UPDATE OF state ON commands WHEN NEW.state = 'delivered'
                BEGIN SELECT RAISE(ABORT, 'held'); END";
    let then = Then { state: "sent", taken: true, journal: &["received"] };
    die_held(LUMIA_635, FLEET, hold, then).await;
}

#[tokio::test]
async fn killed_08_while_the_phone_is_offline() {
    let mut program = Program::start().await;
    let ana = program.browser();
    let id = ana.prove("ana", GALAXY).await;
    ana.call("phones/set_online", &[("device", &id), ("online", "false")]).await;
    assert_eq!(ana.reset(&id).await.status, 200);
    let then = Then { state: "waiting", taken: true, journal: &["received"] };
    reached(&program, &then).await;
    program.kill();
    assert_left(&program, &then).await;

    program.start_again().await;
    assert_left(&program, &then).await;
    ana.call("phones/set_online", &[("device", &id), ("online", "true")]).await;
    assert_ended_well(&program, &ana, &id).await;
}

#[tokio::test]
async fn killed_09_after_the_phone_has_it_before_it_carries_it_out() {
    let hold =
        "CREATE TRIGGER held BEFORE UPDATE OF passcode_hash ON phones BEGIN SELECT RAISE(ABORT, 'held'); END";
    let then = Then { state: "sent", taken: true, journal: &["received", "delivered"] };
    die_held(LUMIA_950, FLEET, hold, then).await;
}

#[tokio::test]
async fn killed_10_after_the_phone_has_done_it_before_that_is_recorded() {
    let hold = "CREATE TRIGGER held BEFORE UPDATE OF state ON commands WHEN NEW.state = 'done'
                BEGIN SELECT RAISE(ABORT, 'held'); END";
    let then = Then { state: "sent", taken: true, journal: &["received", "delivered", "executed"] };
    die_held(LUMIA_635, PORTAL, hold, then).await;
}

/// A reset that a trigger keeps from going on, killed there and started again without the trigger.
async fn die_held(device: &str, database: &str, hold: &'static str, then: Then) {
    let mut program = Program::start().await;
    let ana = program.browser();
    let id = ana.prove("ana", device).await;
    program.change(database, hold).await;
    assert_eq!(ana.reset(&id).await.status, 200);
    reached(&program, &then).await;
    program.kill();
    assert_left(&program, &then).await;
    program.change(database, RELEASE).await;

    program.start_again().await;
    assert_ended_well(&program, &ana, &id).await;
}

async fn reached(program: &Program, then: &Then) {
    until("the point is reached", AT_MOST, async || is_at(program, then).await.then_some(())).await;
}

async fn assert_left(program: &Program, then: &Then) {
    assert!(is_at(program, then).await, "{:?}", program.commands().await);
}

async fn is_at(program: &Program, then: &Then) -> bool {
    let [(id, state)] = program.commands().await.try_into().unwrap();
    state == then.state
        && (program.fence().await > 0) == then.taken
        && program.journal(id).await == then.journal
}

/// One command, carried out once, told once, written down once; its passcode is shown and opens the phone.
async fn assert_ended_well(program: &Program, ana: &Browser, id: &str) {
    program.settled().await;
    let [(command, state)] = program.commands().await.try_into().unwrap();
    assert_eq!(state, "done");
    let mut journal = program.journal(command).await;
    // That it was told twice is no harm when it was carried out once.
    journal.retain(|line| line != "duplicate");
    assert_eq!(journal, ["received", "delivered", "executed"]);
    assert_eq!(program.told().await, 1);
    assert_eq!(program.news_of(command).await, ["passcode_reset"]);
    let audit = program.audit().await;
    assert_eq!(audit[audit.len() - 2..], ["reset_submitted", "reset_done"]);
    assert_eq!(audit.iter().filter(|event| event.starts_with("reset_")).count(), 2);

    // Asked again with the same grant, the portal answers with the same command.
    assert_eq!(ana.reset(id).await.status, 200);
    assert_eq!(program.submitted().await, 1);
    let passcode = ana.reveal(id).await.passcode().expect("a temporary passcode");
    let said = ana.call("phones/unlock", &[("device", id), ("passcode", &passcode)]).await;
    assert_eq!(said.body, "\"Unlocked\"");
    program.verify_secrets(ana).await;
}

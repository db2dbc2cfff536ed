//! What the rules rely on, whatever the database. Every store runs the whole story.

use std::collections::HashSet;
use std::sync::Arc;

use domain::account::{Account, Identity, Profile, SignOutOrder, TokenHash};
use domain::audit::{AuditEntry, Event, Head, Link};
use domain::command::{COMMAND_SECONDS, Command, CommandId, CommandKind, CommandState, Failure, Submission};
use domain::device::{Capability, Device, DeviceId, FleetId, Platform};
use domain::freshness::{Authentication, Purpose, SignInWindow, Verdict, WindowId};
use domain::live::Bell;
use domain::notification::News;
use domain::passcode::{Maker, PasscodePolicy};
use domain::passkey::{Passkey, PasskeyId, UsedPasskey};
use domain::person::{Actor, Person, PersonId, SessionId};
use domain::ports::{
    Clock, Denied, Means, NewSession, PasscodeState, Pause, Proofs, Sealed, SessionLimits, Settlement, Store,
    StoredPasscode, WindowOutcome,
};
use domain::sign_in::Arriving;
use domain::{Refusal, Timestamp};
use tempfile::TempDir;

use super::sql::SqlStore;
use crate::fakes::{FakeClock, new_id, person};
use crate::portal::Portal;

const LIMITS: SessionLimits = SessionLimits { idle_seconds: 3600, absolute_seconds: 43_200 };
const MINUTE: i64 = 60_000;
/// How often a device may be reset within an hour.
const AN_HOUR: usize = 5;

#[tokio::test]
async fn sqlite_conforms() {
    let folder = TempDir::new().unwrap();
    let mut files = 0;
    whole_story(async || {
        files += 1;
        let path = folder.path().join(format!("{files}.db"));
        Arc::new(SqlStore::in_file(&path).await.unwrap()) as Arc<dyn Store>
    })
    .await;
}

#[tokio::test]
async fn postgres_conforms() {
    let mut databases = Vec::new();
    whole_story(async || {
        databases.push(Portal::empty().await);
        let url = databases.last().unwrap().url();
        Arc::new(SqlStore::on_server(&url, 4).await.unwrap()) as Arc<dyn Store>
    })
    .await;
}

/// Neither in the database nor in the log of what was written to it.
#[tokio::test]
async fn what_sqlite_erased_is_in_no_file() {
    let folder = TempDir::new().unwrap();
    let story = Story::new(Arc::new(SqlStore::in_file(&folder.path().join("story.db")).await.unwrap())).await;
    let is_kept = || {
        let files = std::fs::read_dir(folder.path()).unwrap();
        files
            .map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .any(|bytes| bytes.windows(10).any(|window| window == b"a passcode"))
    };
    let phone = story.device("fails");
    let actor = story.proven(&phone, 1).await;
    let id = story.submit(&actor, &phone).await.unwrap();
    story.begin_sending().await;
    assert!(is_kept());
    story.settle(id, CommandState::Failed).await;
    assert!(!is_kept());

    let phone = story.device("is-read");
    let actor = story.proven(&phone, 2).await;
    story.done(&actor, &phone).await;
    assert!(is_kept());
    story.store.forget_passcode(&actor, &phone.id, story.now()).await.unwrap();
    assert!(!is_kept());

    let phone = story.device("is-left-alone");
    let actor = story.proven(&phone, 5).await;
    story.done(&actor, &phone).await;
    assert!(is_kept());
    story.clock.wait(24 * 60 * MINUTE);
    assert_eq!(story.store.erase_expired(story.now()).await.unwrap(), 1);
    assert!(!is_kept());

    let phone = story.device("is-reset-again");
    let actor = story.proven(&phone, 3).await;
    story.done(&actor, &phone).await;
    let actor = story.proven(&phone, 4).await;
    assert!(is_kept());
    story.submit(&actor, &phone).await.unwrap();
    assert!(!is_kept());
}

/// Every chapter gets a database of its own.
async fn whole_story(mut open: impl AsyncFnMut() -> Arc<dyn Store>) {
    an_account_is_disabled_and_its_password_set(&Story::new(open().await).await).await;
    a_browser_is_known_by_its_newest_token(&Story::new(open().await).await).await;
    a_failed_sign_in_is_written_down(&Story::new(open().await).await).await;
    a_device_is_reset_only_so_often_an_hour(&Story::new(open().await).await).await;
    people_are_found_by_id_and_name(&Story::new(open().await).await).await;
    a_session_is_known_by_its_token_until_it_ends(&Story::new(open().await).await).await;
    a_session_ends_by_idleness_and_age(&Story::new(open().await).await).await;
    only_its_owner_ends_a_session(&Story::new(open().await).await).await;
    a_window_is_consumed_by_the_first_sign_in(&Story::new(open().await).await).await;
    a_newer_window_of_a_browser_voids_the_older(&Story::new(open().await).await).await;
    a_grant_is_spent_once(&Story::new(open().await).await).await;
    a_grant_belongs_to_its_session(&Story::new(open().await).await).await;
    many_submits_at_once_are_one_command(&Story::new(open().await).await).await;
    a_device_has_one_open_command(&Story::new(open().await).await).await;
    a_changed_password_voids_what_the_old_one_proved(&Story::new(open().await).await).await;
    a_lease_is_one_workers_alone(&Story::new(open().await).await).await;
    a_lease_is_renewed_by_its_holder_alone(&Story::new(open().await).await).await;
    a_busy_mdm_keeps_its_own_commands_waiting(&Story::new(open().await).await).await;
    what_did_not_arrive_is_not_sent(&Story::new(open().await).await).await;
    what_the_mdm_calls_a_command_is_kept(&Story::new(open().await).await).await;
    a_state_never_goes_back(&Story::new(open().await).await).await;
    each_end_is_written_down(&Story::new(open().await).await).await;
    a_done_reset_is_news_once(&Story::new(open().await).await).await;
    a_failed_reset_keeps_no_passcode(&Story::new(open().await).await).await;
    a_passcode_is_shown_to_the_freshly_signed_in(&Story::new(open().await).await).await;
    an_unseen_passcode_is_erased_in_time(&Story::new(open().await).await).await;
    a_newer_reset_erases_the_older_passcode(&Story::new(open().await).await).await;
    a_subject_of_an_issuer_is_one_person(&Story::new(open().await).await).await;
    a_provider_ends_the_sessions_it_told_of(&Story::new(open().await).await).await;
    a_session_is_proven_since_its_proof(&Story::new(open().await).await).await;
    what_may_be_used_once_is_used_once(&Story::new(open().await).await).await;
    a_passkey_is_one_persons(&Story::new(open().await).await).await;
    a_recovery_code_opens_once(&Story::new(open().await).await).await;
    a_session_that_ended_changes_nothing(&Story::new(open().await).await).await;
    a_password_that_was_changed_meanwhile_opens_nothing(&Story::new(open().await).await).await;
    rows_of_the_audit_are_a_chain(&Story::new(open().await).await).await;
    notifications_follow_a_cursor(&Story::new(open().await).await).await;
}

pub struct Story {
    pub store: Arc<dyn Store>,
    pub clock: Arc<FakeClock>,
    pub ana: Person,
    ben: Person,
}

/// What the browser holds, as the store sees it.
fn token(number: u8) -> TokenHash {
    TokenHash([number; 32])
}

/// A browser that has never been here, with this session cookie from now on.
fn arriving(cookie: u8) -> Arriving {
    Arriving {
        token: token(cookie),
        browser: None,
        replaces: None,
        known_before: None,
        known_browser: token(cookie),
        agent: "a browser".to_owned(),
    }
}

fn event(row: &AuditEntry) -> Event {
    Event::named(&row.event).unwrap()
}

fn sealed(text: &str) -> Sealed {
    Sealed { key_id: "key".to_owned(), nonce: vec![7; 24], ciphertext: text.as_bytes().to_vec() }
}

impl Story {
    pub async fn new(store: Arc<dyn Store>) -> Self {
        Self::with_clock(store, Arc::new(FakeClock::new())).await
    }

    pub async fn with_clock(store: Arc<dyn Store>, clock: Arc<FakeClock>) -> Self {
        let story = Self { store, clock, ana: person("ana"), ben: person("ben") };
        for person in [&story.ana, &story.ben] {
            story.store.add_person(person, "a hash", story.now()).await.unwrap();
        }
        story
    }

    async fn by_password(&self, person: &Person) -> Means {
        let hash = self.store.password_of_person(person.id).await.unwrap();
        Means::Password { hash: hash.unwrap_or_default() }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn device(&self, name: &str) -> Device {
        Device {
            id: format!("virtual.{name}").parse().unwrap(),
            name: name.to_owned(),
            model: "a model".to_owned(),
            system: "a system".to_owned(),
            platform: Platform::Android,
            policy: PasscodePolicy { min_length: 8, maker: Maker::Portal },
            reset: Capability::Possible,
            online: true,
            last_seen: self.now(),
        }
    }

    async fn sign_in_with(
        &self,
        person: &Person,
        cookie: u8,
        browser: Option<u8>,
    ) -> (Actor, Option<WindowOutcome>) {
        let session = NewSession {
            session: SessionId(new_id()),
            person: person.id,
            proof: Authentication::local(self.now()),
            by: self.by_password(person).await,
            arriving: Arriving { browser: browser.map(token), ..arriving(cookie) },
        };
        let outcome = self.store.sign_in(&session, self.now()).await.unwrap();
        (self.actor(cookie).await.unwrap(), outcome)
    }

    async fn sign_in(&self, person: &Person, cookie: u8) -> Actor {
        self.sign_in_with(person, cookie, None).await.0
    }

    async fn actor(&self, cookie: u8) -> Option<Actor> {
        self.store.actor(&token(cookie), &LIMITS, self.now()).await.unwrap()
    }

    async fn open_window(&self, actor: &Actor, device: &Device, browser: u8, replaces: Option<u8>) {
        let window = SignInWindow {
            id: WindowId(new_id()),
            person: actor.person.id,
            device: device.id.clone(),
            purpose: Purpose::Reset,
            opened_at: self.now(),
            seconds: 300,
        };
        let replaces = replaces.map(token);
        self.store
            .sign_out_to_prove(actor, &window, &token(browser), replaces.as_ref(), self.now())
            .await
            .unwrap();
    }

    /// Ana, freshly proven for the device; her cookie is `cookie`.
    pub async fn proven(&self, device: &Device, cookie: u8) -> Actor {
        let actor = self.sign_in(&self.ana, cookie + 100).await;
        self.open_window(&actor, device, cookie, None).await;
        let (actor, outcome) = self.sign_in_with(&self.ana, cookie, Some(cookie)).await;
        assert_eq!(outcome.unwrap().verdict, Verdict::Granted);
        actor
    }

    fn command(&self, actor: &Actor, device: &Device) -> Command {
        Command {
            id: CommandId(new_id()),
            kind: CommandKind::ResetPasscode,
            person: actor.person.id,
            device: device.id.clone(),
            device_name: device.name.clone(),
            platform: device.platform,
            policy: device.policy,
            state: CommandState::Queued,
            failure: None,
            created_at: self.now(),
            deadline: self.now().plus_seconds(COMMAND_SECONDS),
            sent_at: None,
            handle: None,
        }
    }

    pub async fn submit(&self, actor: &Actor, device: &Device) -> Result<CommandId, Refusal> {
        let command = self.command(actor, device);
        match self.store.submit(actor, device, &command, AN_HOUR, self.now()).await {
            Ok(Submission::New(_)) => Ok(command.id),
            Ok(Submission::Repeated(first)) => Ok(first),
            Err(Denied::Refused(refusal)) => Err(refusal),
            Err(failure) => panic!("{failure}"),
        }
    }

    async fn settle(&self, command: CommandId, state: CommandState) -> bool {
        let failure = (state == CommandState::Failed).then_some(Failure::DeviceRefused);
        let settlement = Settlement {
            command,
            fence: None,
            only_unsent: false,
            state,
            failure,
            passcode: None,
            handle: None,
        };
        self.store.settle(&settlement, self.now()).await.unwrap().is_some()
    }

    /// A reset that was carried out and left a passcode.
    async fn done(&self, actor: &Actor, device: &Device) -> CommandId {
        let command = self.submit(actor, device).await.unwrap();
        self.begin_sending().await;
        assert!(self.settle(command, CommandState::Done).await);
        command
    }

    /// The one command that is due, with its passcode sealed.
    async fn begin_sending(&self) {
        let lease = self.store.lease(self.now(), self.now().plus_millis(MINUTE), &[]).await.unwrap().unwrap();
        assert!(self.store.begin_sending(&lease, Some(&sealed("a passcode")), self.now()).await.unwrap());
    }

    async fn reveal(&self, actor: &Actor, device: &DeviceId) -> Result<StoredPasscode, Refusal> {
        match self.store.reveal(actor, device, self.now()).await {
            Ok(passcode) => Ok(passcode),
            Err(Denied::Refused(refusal)) => Err(refusal),
            Err(failure) => panic!("{failure}"),
        }
    }
}

async fn people_are_found_by_id_and_name(story: &Story) {
    let store = &story.store;
    assert_eq!(store.person(story.ana.id).await.unwrap().as_ref(), Some(&story.ana));
    assert_eq!(store.person(person("nobody").id).await.unwrap(), None);
    let found = store.password_of_user("ANA").await.unwrap();
    assert_eq!(found, Some((story.ana.id, "a hash".to_owned())));
    assert_eq!(store.password_of_user("nobody").await.unwrap(), None);
    assert!(store.add_person(&story.ana, "another", story.now()).await.is_err());
    assert_eq!(store.latest_time().await.unwrap(), Some(story.now()));
    store.ready().await.unwrap();
}

async fn a_session_is_known_by_its_token_until_it_ends(story: &Story) {
    let actor = story.sign_in(&story.ana, 1).await;
    assert_eq!(actor.person, story.ana);
    assert_eq!(story.actor(2).await, None);
    story.store.sign_out(&actor, story.now()).await.unwrap();
    assert_eq!(story.actor(1).await, None);

    let older = story.sign_in(&story.ana, 3).await;
    let newer = NewSession {
        session: SessionId(new_id()),
        person: story.ana.id,
        proof: Authentication::local(story.now()),
        by: story.by_password(&story.ana).await,
        arriving: Arriving { replaces: Some(older.session), ..arriving(4) },
    };
    story.store.sign_in(&newer, story.now()).await.unwrap();
    assert_eq!(story.actor(3).await, None);
    assert_eq!(story.actor(4).await.unwrap().session, newer.session);
}

async fn an_account_is_disabled_and_its_password_set(story: &Story) {
    let store = &story.store;
    let phone = story.device("phone");
    let proven = story.proven(&phone, 1).await;
    let leaving = story.sign_in(&story.ana, 2).await;
    story.open_window(&leaving, &phone, 9, None).await;
    let since = story.now();
    let ben = story.sign_in(&story.ben, 3).await;
    store.set_disabled(story.ana.id, true, story.now()).await.unwrap();
    assert!(story.actor(1).await.is_none());
    assert!(story.actor(3).await.is_some());
    assert!(store.password_of_user("ana").await.unwrap().is_none());
    assert_eq!(store.window(&token(9)).await.unwrap(), None);
    assert_eq!(story.submit(&proven, &phone).await, Err(Refusal::FreshSignInNeeded));
    let ended = store.sessions_ended_since(since).await.unwrap();
    assert!(ended.contains(&proven.session) && !ended.contains(&ben.session));
    assert!(store.sessions_ended_since(story.now().plus_millis(1)).await.unwrap().is_empty());
    let disabled =
        |accounts: Vec<Account>| accounts.into_iter().map(|account| account.disabled).collect::<Vec<_>>();
    assert_eq!(disabled(store.accounts().await.unwrap()), [true, false]);

    store.set_disabled(story.ana.id, false, story.now()).await.unwrap();
    assert_eq!(disabled(store.accounts().await.unwrap()), [false, false]);
    // What was proven before stays void.
    assert!(story.actor(1).await.is_none());
    let again = story.proven(&phone, 4).await;
    store.set_password(story.ana.id, "another hash", story.now()).await.unwrap();
    assert!(story.actor(4).await.is_none());
    assert_eq!(story.submit(&again, &phone).await, Err(Refusal::FreshSignInNeeded));
    let (_, hash) = store.password_of_user("ANA").await.unwrap().unwrap();
    assert_eq!(hash, "another hash");
}

async fn a_browser_is_known_by_its_newest_token(story: &Story) {
    let store = &story.store;
    let known = async |name: &str, number| store.knows_browser(name, &token(number)).await.unwrap();
    assert!(!known("ana", 1).await);
    story.sign_in(&story.ana, 1).await;
    assert!(known("Ana", 1).await && !known("ben", 1).await && !known("ana", 2).await);
    let next = async |person: &Person, cookie, before| NewSession {
        session: SessionId(new_id()),
        person: person.id,
        proof: Authentication::local(story.now()),
        by: story.by_password(person).await,
        arriving: Arriving { known_before: Some(token(before)), ..arriving(cookie) },
    };
    // A second person at the same computer: it stays known to both.
    store.sign_in(&next(&story.ben, 2, 1).await, story.now()).await.unwrap();
    assert!(known("ana", 2).await && known("ben", 2).await && !known("ana", 1).await);
    store.set_password(story.ben.id, "a hash", story.now()).await.unwrap();
    assert!(known("ana", 2).await && !known("ben", 2).await);
    story.clock.wait(366 * 24 * 60 * MINUTE);
    story.sign_in(&story.ana, 3).await;
    assert!(!known("ana", 2).await && known("ana", 3).await);
}

async fn a_failed_sign_in_is_written_down(story: &Story) {
    let before = story.store.audit_after(0, 100).await.unwrap();
    story.store.note_failed_sign_in("ana", story.now()).await.unwrap();
    story.store.note_failed_sign_in("my-password-by-mistake", story.now()).await.unwrap();
    let last = before.last().unwrap();
    let rows = story.store.audit_after(last.seq, 100).await.unwrap();
    let told: Vec<_> = rows.iter().map(|row| (event(row), row.user_name.as_deref())).collect();
    assert_eq!(told, [(Event::SignInFailed, Some("ana")), (Event::SignInFailed, None)]);
    assert_eq!(story.store.audit_after(last.seq, 1).await.unwrap(), rows[..1]);
}

async fn a_device_is_reset_only_so_often_an_hour(story: &Story) {
    let phone = story.device("phone");
    let mut actor = story.proven(&phone, 100).await;
    for number in 0..AN_HOUR {
        story.done(&actor, &phone).await;
        story.clock.wait(MINUTE);
        actor = story.proven(&phone, 101 + u8::try_from(number).unwrap()).await;
    }
    // The first was five minutes ago.
    assert_eq!(story.submit(&actor, &phone).await, Err(Refusal::TooOften { retry_seconds: 3300 }));
    story.clock.wait(55 * MINUTE);
    let actor = story.proven(&phone, 120).await;
    assert!(story.submit(&actor, &phone).await.is_ok());
}

async fn a_session_ends_by_idleness_and_age(story: &Story) {
    story.sign_in(&story.ana, 1).await;
    story.clock.wait(LIMITS.idle_seconds * 1000 + 1);
    assert_eq!(story.actor(1).await, None);

    story.sign_in(&story.ana, 2).await;
    for _ in 0..13 {
        assert!(story.actor(2).await.is_some());
        story.clock.wait(55 * MINUTE);
    }
    // Used all the time, and still too old: 13 × 55 minutes are under, 14 over twelve hours.
    assert!(story.actor(2).await.is_some());
    story.clock.wait(55 * MINUTE);
    assert_eq!(story.actor(2).await, None);
}

async fn only_its_owner_ends_a_session(story: &Story) {
    let ana = story.sign_in(&story.ana, 1).await;
    let other = story.sign_in(&story.ana, 2).await;
    let ben = story.sign_in(&story.ben, 3).await;
    assert!(!story.store.end_session(&ben, other.session, story.now()).await.unwrap());
    let listed = story.store.sessions(&ana, &LIMITS, story.now()).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|listed| listed.this_one == (listed.session == ana.session)));
    assert!(story.store.end_session(&ana, other.session, story.now()).await.unwrap());
    assert!(!story.store.end_session(&ana, other.session, story.now()).await.unwrap());
    assert_eq!(story.actor(2).await, None);
    assert!(story.actor(1).await.is_some());
}

async fn a_window_is_consumed_by_the_first_sign_in(story: &Story) {
    let phone = story.device("phone");
    // The number of a cookie is used once.
    for (cookie, who, wait, expected) in [
        (10, &story.ana, 300_999, Verdict::Granted),
        (20, &story.ana, 301_000, Verdict::Late),
        (30, &story.ben, 1, Verdict::AnotherPerson),
    ] {
        let actor = story.sign_in(&story.ana, cookie).await;
        let browser = cookie + 1;
        story.open_window(&actor, &phone, browser, None).await;
        assert_eq!(story.actor(cookie).await, None, "opening a window signs out");
        let window = story.store.window(&token(browser)).await.unwrap().unwrap();
        assert_eq!((window.person, &window.device, window.seconds), (story.ana.id, &phone.id, 300));
        assert_eq!(story.store.window(&token(99)).await.unwrap(), None);
        story.clock.wait(wait);

        let (actor, outcome) = story.sign_in_with(who, cookie + 2, Some(browser)).await;
        let outcome = outcome.unwrap();
        assert_eq!((outcome.verdict, &outcome.device), (expected, &phone.id));
        let granted = story.store.grant(&actor, &phone.id).await.unwrap().is_some();
        assert_eq!(granted, expected == Verdict::Granted);
        assert_eq!(story.store.window(&token(browser)).await.unwrap(), None);
        let (again, outcome) = story.sign_in_with(&story.ana, cookie + 3, Some(browser)).await;
        assert_eq!(outcome, None);
        assert_eq!(story.store.grant(&again, &phone.id).await.unwrap(), None);
    }
}

async fn a_newer_window_of_a_browser_voids_the_older(story: &Story) {
    let phone = story.device("phone");
    let actor = story.sign_in(&story.ana, 1).await;
    story.open_window(&actor, &phone, 8, None).await;
    let actor = story.sign_in(&story.ana, 2).await;
    story.open_window(&actor, &phone, 9, Some(8)).await;
    assert_eq!(story.store.window(&token(8)).await.unwrap(), None);
    let (_, outcome) = story.sign_in_with(&story.ana, 3, Some(8)).await;
    assert_eq!(outcome, None);
}

async fn a_grant_is_spent_once(story: &Story) {
    let phone = story.device("phone");
    let unproven = story.sign_in(&story.ana, 50).await;
    assert_eq!(story.submit(&unproven, &phone).await, Err(Refusal::FreshSignInNeeded));

    let actor = story.proven(&phone, 1).await;
    assert_eq!(story.submit(&actor, &story.device("tablet")).await, Err(Refusal::FreshSignInNeeded));
    let first = story.submit(&actor, &phone).await.unwrap();
    assert_eq!(story.submit(&actor, &phone).await, Ok(first));
    assert_eq!(story.store.grant(&actor, &phone.id).await.unwrap(), None);
    // The answer stays the first command when that has ended, and when the grant's time is over.
    assert!(story.settle(first, CommandState::Failed).await);
    story.clock.wait(10 * MINUTE);
    assert_eq!(story.submit(&actor, &phone).await, Ok(first));

    let late = story.proven(&phone, 2).await;
    story.clock.wait(301_000);
    assert_eq!(story.submit(&late, &phone).await, Err(Refusal::FreshSignInNeeded));
}

async fn a_grant_belongs_to_its_session(story: &Story) {
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    let elsewhere = story.sign_in(&story.ana, 2).await;
    let ben = story.sign_in(&story.ben, 3).await;
    assert_eq!(story.submit(&elsewhere, &phone).await, Err(Refusal::FreshSignInNeeded));
    assert_eq!(story.submit(&ben, &phone).await, Err(Refusal::FreshSignInNeeded));
    story.store.sign_out(&actor, story.now()).await.unwrap();
    assert_eq!(story.submit(&actor, &phone).await, Err(Refusal::FreshSignInNeeded));
}

async fn many_submits_at_once_are_one_command(story: &Story) {
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    let submits = (0..50).map(|_| {
        let (store, actor, phone, now) =
            (Arc::clone(&story.store), actor.clone(), phone.clone(), story.now());
        let command = story.command(&actor, &phone);
        tokio::spawn(async move { store.submit(&actor, &phone, &command, AN_HOUR, now).await })
    });
    let mut new = 0;
    for submit in submits.collect::<Vec<_>>() {
        if matches!(submit.await.unwrap().unwrap(), Submission::New(_)) {
            new += 1;
        }
    }
    assert_eq!(new, 1);
}

async fn a_device_has_one_open_command(story: &Story) {
    let phone = story.device("phone");
    let first = story.proven(&phone, 1).await;
    let command = story.submit(&first, &phone).await.unwrap();
    assert_eq!(story.store.open_command(&phone.id).await.unwrap().unwrap().id, command);
    let second = story.proven(&phone, 2).await;
    assert_eq!(story.submit(&second, &phone).await, Err(Refusal::AlreadyOpen));
    assert!(story.settle(command, CommandState::Cancelled).await);
    assert_eq!(story.store.open_command(&phone.id).await.unwrap(), None);
    // The refusal spent nothing.
    let next = story.submit(&second, &phone).await.unwrap();
    assert_ne!(next, command);
    let last = story.store.last_command(story.ana.id, &phone.id).await.unwrap().unwrap();
    assert_eq!(last.id, next);
    assert_eq!(story.store.last_command(story.ben.id, &phone.id).await.unwrap(), None);
    // Of each device one.
    let other = story.device("other");
    let on_other = story.proven(&other, 3).await;
    let elsewhere = story.submit(&on_other, &other).await.unwrap();
    let newest = story.store.last_commands(story.ana.id).await.unwrap();
    let newest: HashSet<_> = newest.iter().map(|command| command.id).collect();
    assert_eq!(newest, HashSet::from([next, elsewhere]));
    assert_eq!(story.store.last_commands(story.ben.id).await.unwrap(), []);
}

async fn a_changed_password_voids_what_the_old_one_proved(story: &Story) {
    let phone = story.device("phone");
    let proven = story.proven(&phone, 1).await;
    let leaving = story.sign_in(&story.ana, 2).await;
    story.open_window(&leaving, &phone, 9, None).await;
    let changing = story.sign_in(&story.ana, 3).await;
    story.store.change_password(&changing, "a new hash", story.now()).await.unwrap();
    let hash = story.store.password_of_person(story.ana.id).await.unwrap();
    assert_eq!(hash.as_deref(), Some("a new hash"));
    assert_eq!(story.actor(1).await, None);
    assert!(story.actor(3).await.is_some());
    assert_eq!(story.store.window(&token(9)).await.unwrap(), None);
    assert_eq!(story.submit(&proven, &phone).await, Err(Refusal::FreshSignInNeeded));
}

fn until(story: &Story) -> Timestamp {
    story.now().plus_millis(MINUTE)
}

async fn a_lease_is_one_workers_alone(story: &Story) {
    let store = &story.store;
    let phone = story.device("phone");
    assert!(store.lease(story.now(), until(story), &[]).await.unwrap().is_none());
    assert_eq!(store.next_due().await.unwrap(), None);
    let actor = story.proven(&phone, 1).await;
    let id = story.submit(&actor, &phone).await.unwrap();

    let slow = store.lease(story.now(), until(story), &[]).await.unwrap().unwrap();
    assert_eq!((slow.command.id, &slow.owner), (id, &story.ana));
    assert!(store.lease(story.now(), until(story), &[]).await.unwrap().is_none());
    assert_eq!(store.next_due().await.unwrap(), Some(until(story)));

    story.clock.wait(MINUTE);
    let fast = store.lease(story.now(), until(story), &[]).await.unwrap().unwrap();
    assert!(fast.fence > slow.fence);
    assert!(!store.begin_sending(&slow, None, story.now()).await.unwrap());
    assert!(store.begin_sending(&fast, Some(&sealed("one")), story.now()).await.unwrap());
    assert!(!store.begin_sending(&fast, Some(&sealed("two")), story.now()).await.unwrap());
    let settlement = |fence| Settlement {
        command: id,
        fence: Some(fence),
        only_unsent: false,
        state: CommandState::Done,
        failure: None,
        passcode: None,
        handle: None,
    };
    assert_eq!(store.settle(&settlement(slow.fence), story.now()).await.unwrap(), None);

    // Given back, it is due at once, with what was sealed and how often the MDM was silent.
    let pause = |failures| Pause { due: story.now(), failures, unsent: false };
    store.release(&slow, pause(9)).await.unwrap();
    assert!(store.lease(story.now(), until(story), &[]).await.unwrap().is_none());
    store.release(&fast, pause(3)).await.unwrap();
    let next = store.lease(story.now(), until(story), &[]).await.unwrap().unwrap();
    assert_eq!((next.failures, next.command.state), (3, CommandState::Sending));
    assert_eq!(next.passcode, Some(sealed("one")));
    assert_eq!(store.settle(&settlement(next.fence), story.now()).await.unwrap(), Some(story.ana.id));
    assert_eq!(store.next_due().await.unwrap(), None);
}

async fn a_lease_is_renewed_by_its_holder_alone(story: &Story) {
    let (store, phone) = (&story.store, story.device("phone"));
    let actor = story.proven(&phone, 1).await;
    let id = story.submit(&actor, &phone).await.unwrap();
    let first = store.lease(story.now(), until(story), &[]).await.unwrap().unwrap();
    story.clock.wait(MINUTE / 2);
    assert!(store.renew(&first, until(story)).await.unwrap());
    story.clock.wait(MINUTE / 2);
    assert!(store.lease(story.now(), until(story), &[]).await.unwrap().is_none(), "it is still held");
    story.clock.wait(MINUTE / 2);
    let second = store.lease(story.now(), until(story), &[]).await.unwrap().unwrap();
    assert!(!store.renew(&first, until(story)).await.unwrap());
    assert!(store.renew(&second, until(story)).await.unwrap());
    assert!(story.settle(id, CommandState::Done).await);
    assert!(!store.renew(&second, until(story)).await.unwrap());
}

async fn a_busy_mdm_keeps_its_own_commands_waiting(story: &Story) {
    let (store, phone) = (&story.store, story.device("phone"));
    let actor = story.proven(&phone, 1).await;
    story.submit(&actor, &phone).await.unwrap();
    let busy = [FleetId::parse("virtual").unwrap(), FleetId::parse("another").unwrap()];
    assert!(store.lease(story.now(), until(story), &busy).await.unwrap().is_none());
    // A part of a name is another name.
    let other = [FleetId::parse("virtua").unwrap(), FleetId::parse("virtual-2").unwrap()];
    assert!(store.lease(story.now(), until(story), &other).await.unwrap().is_some());
}

/// What certainly did not arrive is sent again with what was sealed, and can be cancelled like what was never sent.
async fn what_did_not_arrive_is_not_sent(story: &Story) {
    let (store, phone) = (&story.store, story.device("phone"));
    let actor = story.proven(&phone, 1).await;
    let id = story.submit(&actor, &phone).await.unwrap();
    let lease = store.lease(story.now(), until(story), &[]).await.unwrap().unwrap();
    assert_eq!(lease.command.sent_at, None);
    assert!(store.begin_sending(&lease, Some(&sealed("one")), story.now()).await.unwrap());
    let cancelled = Settlement {
        command: id,
        fence: None,
        only_unsent: true,
        state: CommandState::Cancelled,
        failure: None,
        passcode: None,
        handle: None,
    };
    assert_eq!(store.settle(&cancelled, story.now()).await.unwrap(), None, "it may be with the MDM");
    store.release(&lease, Pause { due: story.now(), failures: 1, unsent: true }).await.unwrap();

    let again = store.lease(story.now(), until(story), &[]).await.unwrap().unwrap();
    assert_eq!((again.command.state, again.command.sent_at), (CommandState::Sending, None));
    assert_eq!(again.passcode, Some(sealed("one")));
    let later = story.now().plus_millis(7);
    assert!(store.begin_sending(&again, None, later).await.unwrap());
    assert_eq!(store.command(id).await.unwrap().unwrap().sent_at, Some(later));
    store.release(&again, Pause { due: story.now(), failures: 2, unsent: true }).await.unwrap();
    assert_eq!(store.settle(&cancelled, story.now()).await.unwrap(), Some(story.ana.id));
    assert_eq!(store.steps(id).await.unwrap().len(), 3, "queued, sending, cancelled");
}

async fn what_the_mdm_calls_a_command_is_kept(story: &Story) {
    let (store, phone) = (&story.store, story.device("phone"));
    let actor = story.proven(&phone, 1).await;
    let id = story.submit(&actor, &phone).await.unwrap();
    let settle = |state, handle: Option<&str>| Settlement {
        command: id,
        fence: None,
        only_unsent: false,
        state,
        failure: None,
        passcode: None,
        handle: handle.map(str::to_owned),
    };
    store.settle(&settle(CommandState::Sent, Some("operation 7")), story.now()).await.unwrap();
    store.settle(&settle(CommandState::Waiting, None), story.now()).await.unwrap();
    assert_eq!(store.command(id).await.unwrap().unwrap().handle.as_deref(), Some("operation 7"));
    assert_eq!(store.command(CommandId(new_id())).await.unwrap(), None);
}

async fn a_state_never_goes_back(story: &Story) {
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    let id = story.submit(&actor, &phone).await.unwrap();
    assert!(story.settle(id, CommandState::Waiting).await);
    assert!(!story.settle(id, CommandState::Waiting).await);
    assert!(!story.settle(id, CommandState::Sent).await);
    let backwards = Settlement {
        command: id,
        fence: None,
        only_unsent: false,
        state: CommandState::Sent,
        failure: None,
        passcode: None,
        handle: Some("late".to_owned()),
    };
    assert_eq!(story.store.settle(&backwards, story.now()).await.unwrap(), None);
    assert_eq!(story.store.command(id).await.unwrap().unwrap().handle, None);
    assert!(story.settle(id, CommandState::Failed).await);
    for state in CommandState::ALL {
        assert!(!story.settle(id, state).await, "{state:?}");
    }
    let steps = story.store.steps(id).await.unwrap();
    let states: Vec<_> = steps.iter().map(|step| step.state).collect();
    assert_eq!(states, [CommandState::Queued, CommandState::Waiting, CommandState::Failed]);
    let last = story.store.last_command(story.ana.id, &phone.id).await.unwrap().unwrap();
    assert_eq!(last.failure, Some(Failure::DeviceRefused));
}

async fn each_end_is_written_down(story: &Story) {
    let ends = [
        (CommandState::Done, Event::ResetDone),
        (CommandState::Failed, Event::ResetFailed),
        (CommandState::Expired, Event::ResetExpired),
        (CommandState::Cancelled, Event::ResetCancelled),
    ];
    for (number, (state, end)) in (1..).zip(ends) {
        let phone = story.device(end.name());
        let actor = story.proven(&phone, number).await;
        let id = story.submit(&actor, &phone).await.unwrap();
        assert!(story.settle(id, state).await);
        let audit = story.store.audit_after(0, 1_000).await.unwrap();
        let rows: Vec<_> = audit.iter().filter(|row| row.command == Some(id)).collect();
        let events: Vec<_> = rows.iter().map(|row| event(row)).collect();
        assert_eq!(events, [Event::ResetSubmitted, end]);
        assert!(rows.iter().all(|row| row.person == Some(story.ana.id)));
    }
}

async fn a_done_reset_is_news_once(story: &Story) {
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    let id = story.done(&actor, &phone).await;
    assert!(!story.settle(id, CommandState::Done).await);
    let news = story.store.notifications(story.ana.id).await.unwrap();
    assert_eq!(news.len(), 1);
    assert_eq!((news[0].news, &news[0].device, news[0].read), (News::PasscodeReset, &phone.id, false));
    assert!(story.store.notifications(story.ben.id).await.unwrap().is_empty());
}

async fn a_failed_reset_keeps_no_passcode(story: &Story) {
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    let id = story.submit(&actor, &phone).await.unwrap();
    story.begin_sending().await;
    // What is sent but not done is nobody's to see.
    assert_eq!(story.reveal(&actor, &phone.id).await, Err(Refusal::NotFound));
    assert!(story.settle(id, CommandState::Failed).await);
    assert_eq!(story.reveal(&actor, &phone.id).await, Err(Refusal::NotFound));
    assert_eq!(story.store.notifications(story.ana.id).await.unwrap().len(), 1);
}

async fn a_passcode_is_shown_to_the_freshly_signed_in(story: &Story) {
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    let beside = story.sign_in(&story.ana, 4).await;
    let command = story.done(&actor, &phone).await;
    let ben = story.sign_in(&story.ben, 2).await;
    assert_eq!(story.reveal(&ben, &phone.id).await, Err(Refusal::NotFound));
    assert_eq!(story.reveal(&beside, &phone.id).await, Err(Refusal::FreshSignInNeeded));
    let kept = story.store.passcode(story.ana.id, &phone.id, story.now()).await.unwrap().unwrap();
    assert_eq!(kept.expires_at, story.now().plus_seconds(24 * 3600));

    story.clock.wait(301_000);
    assert_eq!(story.reveal(&actor, &phone.id).await, Err(Refusal::FreshSignInNeeded));
    let fresh = story.sign_in(&story.ana, 3).await;
    let shown = story.reveal(&fresh, &phone.id).await.unwrap();
    assert_eq!((shown.command, shown.state), (command, PasscodeState::Sealed(sealed("a passcode"))));
    assert_eq!(shown.expires_at, story.now().plus_seconds(600));
    let signed_out = story.sign_in(&story.ana, 5).await;
    story.store.sign_out(&signed_out, story.now()).await.unwrap();
    assert_eq!(story.reveal(&signed_out, &phone.id).await, Err(Refusal::NotSignedIn));

    // The session that showed it may show it again, and the ten minutes do not start anew.
    story.clock.wait(6 * MINUTE);
    assert_eq!(story.reveal(&fresh, &phone.id).await.unwrap().expires_at, shown.expires_at);
    assert_eq!(story.reveal(&actor, &phone.id).await, Err(Refusal::FreshSignInNeeded));
    story.store.forget_passcode(&ben, &phone.id, story.now()).await.unwrap();
    assert!(story.reveal(&fresh, &phone.id).await.is_ok());
    story.store.forget_passcode(&fresh, &phone.id, story.now()).await.unwrap();
    assert_eq!(story.reveal(&fresh, &phone.id).await, Err(Refusal::PasscodeGone));
}

async fn an_unseen_passcode_is_erased_in_time(story: &Story) {
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    story.done(&actor, &phone).await;
    story.clock.wait(24 * 60 * MINUTE - 1);
    assert_eq!(story.store.erase_expired(story.now()).await.unwrap(), 0);
    story.clock.wait(1);
    let fresh = story.sign_in(&story.ana, 2).await;
    assert_eq!(story.reveal(&fresh, &phone.id).await, Err(Refusal::PasscodeGone));
    assert_eq!(story.store.erase_expired(story.now()).await.unwrap(), 1);
    assert_eq!(story.store.erase_expired(story.now()).await.unwrap(), 0);
    let kept = story.store.passcode(story.ana.id, &phone.id, story.now()).await.unwrap().unwrap();
    assert_eq!(kept.state, PasscodeState::Erased);
}

async fn a_newer_reset_erases_the_older_passcode(story: &Story) {
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    story.done(&actor, &phone).await;
    let again = story.proven(&phone, 2).await;
    story.submit(&again, &phone).await.unwrap();
    assert_eq!(story.reveal(&again, &phone.id).await, Err(Refusal::PasscodeGone));
}

async fn notifications_follow_a_cursor(story: &Story) {
    let store = &story.store;
    for (number, name) in ["one", "two", "three"].into_iter().enumerate() {
        let phone = story.device(name);
        let cookie = u8::try_from(number).unwrap() + 1;
        let actor = story.proven(&phone, cookie).await;
        story.done(&actor, &phone).await;
    }
    let all = store.notifications(story.ana.id).await.unwrap();
    let names: Vec<_> = all.iter().map(|news| news.device_name.as_str()).collect();
    assert_eq!(names, ["three", "two", "one"]);
    assert!(all[0].cursor > all[1].cursor);
    let fresh = store.notifications_after(story.ana.id, all[1].cursor).await.unwrap();
    assert_eq!(fresh, all[..1]);
    let bell = Bell { unread: 3, cursor: all[0].cursor };
    assert_eq!(store.bell(story.ana.id).await.unwrap(), bell);
    assert_eq!(store.bell(story.ben.id).await.unwrap(), Bell { unread: 0, cursor: 0 });
    store.mark_read(story.ben.id, all[0].cursor, story.now()).await.unwrap();
    assert_eq!(store.bell(story.ana.id).await.unwrap(), bell);
    store.mark_read(story.ana.id, all[1].cursor, story.now()).await.unwrap();
    assert_eq!(store.bell(story.ana.id).await.unwrap().unread, 1);
}

const ISSUER: &str = "https://id.example.com";

fn identity(issuer: &str, subject: &str) -> Identity {
    Identity { issuer: issuer.to_owned(), subject: subject.to_owned() }
}

fn profile(email: &str) -> Profile {
    let (name, email, subject) = ("Ana".to_owned(), email.to_owned(), format!("of {email}"));
    Profile { name, email, subject, it_admin: false }
}

impl Story {
    async fn person_of(&self, issuer: &str, subject: &str, email: &str) -> PersonId {
        let (identity, newcomer) = (identity(issuer, subject), PersonId(new_id()));
        self.store.person_of(&identity, &profile(email), newcomer, self.now()).await.unwrap()
    }

    async fn sign_in_from(&self, issuer: &str, subject: &str, session: Option<&str>, cookie: u8) -> PersonId {
        let person = self.person_of(issuer, subject, "ana@example.com").await;
        let session = NewSession {
            session: SessionId(new_id()),
            person,
            proof: Authentication::told(Some(self.now()), true),
            by: Means::Provider { issuer: issuer.to_owned(), session: session.map(str::to_owned) },
            arriving: arriving(cookie),
        };
        self.store.sign_in(&session, self.now()).await.unwrap();
        person
    }
}

async fn a_subject_of_an_issuer_is_one_person(story: &Story) {
    let store = &story.store;
    let first = story.person_of(ISSUER, "1", "ana@example.com").await;
    assert_eq!(story.person_of(ISSUER, "1", "married@example.com").await, first);
    assert_eq!(store.person(first).await.unwrap().unwrap().email, "married@example.com");
    assert_eq!(store.person(first).await.unwrap().unwrap().subject, "of married@example.com");
    // The same address, said of another subject or by another issuer, is somebody else.
    let second = story.person_of(ISSUER, "2", "married@example.com").await;
    let third = story.person_of("https://other.example.com", "1", "married@example.com").await;
    assert!(first != second && second != third && first != third);

    // No password opens such an account, whatever it is called.
    let name = store.person(first).await.unwrap().unwrap().user_name;
    assert_eq!(store.password_of_user(&name).await.unwrap(), None);
    assert_eq!(store.password_of_person(first).await.unwrap(), None);
    assert!(store.has_passwords().await.unwrap());
    for person in [story.ana.id, story.ben.id] {
        store.set_disabled(person, true, story.now()).await.unwrap();
    }
    assert!(!store.has_passwords().await.unwrap());

    store.set_disabled(first, true, story.now()).await.unwrap();
    let session = NewSession {
        session: SessionId(new_id()),
        person: first,
        proof: Authentication::told(Some(story.now()), true),
        by: Means::Provider { issuer: ISSUER.to_owned(), session: None },
        arriving: arriving(1),
    };
    let refused = store.sign_in(&session, story.now()).await;
    assert!(matches!(refused, Err(Denied::Refused(Refusal::AccountDisabled))));
    assert_eq!(story.actor(1).await, None);
}

async fn a_provider_ends_the_sessions_it_told_of(story: &Story) {
    let mut orders = 0;
    let mut end = async |issuer: &str, subject: Option<&str>, session: Option<&str>| {
        orders += 1;
        let [subject, session] = [subject, session].map(|text| text.map(str::to_owned));
        let order = SignOutOrder { id: token(orders), issuer: issuer.to_owned(), subject, session };
        let ended = story.store.end_provider_sessions(&order, story.now()).await.unwrap();
        assert_eq!(story.store.end_provider_sessions(&order, story.now()).await.unwrap(), None, "twice");
        ended.unwrap().len()
    };
    story.sign_in_from(ISSUER, "1", Some("a"), 1).await;
    story.sign_in_from(ISSUER, "1", Some("b"), 2).await;
    story.sign_in_from(ISSUER, "2", Some("c"), 3).await;
    story.sign_in_from("https://other.example.com", "1", Some("a"), 4).await;
    story.sign_in(&story.ana, 5).await;
    assert_eq!(end(ISSUER, None, None).await, 0);
    assert_eq!(end(ISSUER, Some("2"), Some("a")).await, 0, "another's session");
    assert_eq!(end(ISSUER, None, Some("a")).await, 1);
    assert!(story.actor(1).await.is_none() && story.actor(2).await.is_some());
    assert_eq!(end(ISSUER, Some("1"), None).await, 1);
    assert!(story.actor(2).await.is_none());
    // A session without a name is one of theirs as well.
    story.sign_in_from(ISSUER, "1", None, 6).await;
    assert_eq!(end(ISSUER, None, Some("a")).await, 0);
    assert_eq!(end(ISSUER, Some("1"), Some("a")).await, 1);
    assert!(story.actor(6).await.is_none());
    for cookie in [3, 4, 5] {
        assert!(story.actor(cookie).await.is_some(), "{cookie}");
    }
    let session = story.actor(3).await.unwrap().session;
    assert_eq!(story.store.issuer_of(session).await.unwrap().as_deref(), Some(ISSUER));
    let rows = story.store.audit_after(0, 100).await.unwrap();
    assert_eq!(rows.iter().filter(|row| event(row) == Event::SignedOutByProvider).count(), 3);
}

/// Which with single sign-on is not when it began.
async fn a_session_is_proven_since_its_proof(story: &Story) {
    let person = story.person_of(ISSUER, "1", "ana@example.com").await;
    let earlier = story.now().plus_seconds(-7200);
    let told = [(Some(earlier), true), (None, true), (Some(story.now()), false)];
    for (cookie, (at, strong)) in (1..).zip(told) {
        let session = NewSession {
            session: SessionId(new_id()),
            person,
            proof: Authentication::told(at, strong),
            by: Means::Provider { issuer: ISSUER.to_owned(), session: None },
            arriving: arriving(cookie),
        };
        story.store.sign_in(&session, story.now()).await.unwrap();
    }
    assert_eq!(story.actor(1).await.unwrap().proven_at, Some(earlier));
    assert_eq!(story.actor(2).await.unwrap().proven_at, None);
    assert_eq!(story.actor(3).await.unwrap().proven_at, None);
    assert_eq!(story.store.proofs_of(ISSUER).await.unwrap(), Proofs { sign_ins: 3, told: 2 });
    assert_eq!(story.store.proofs_of("another").await.unwrap(), Proofs { sign_ins: 0, told: 0 });
}

fn signing_in(story: &Story, person: &Person, by: Means, cookie: u8) -> NewSession {
    NewSession {
        session: SessionId(new_id()),
        person: person.id,
        proof: Authentication::local(story.now()),
        by,
        arriving: arriving(cookie),
    }
}

fn passkey(id: u8, story: &Story) -> Passkey {
    Passkey {
        id: PasskeyId(vec![id]),
        credential: "counter 0".to_owned(),
        agent: "a browser".to_owned(),
        added_at: story.now(),
        used_at: None,
    }
}

async fn a_passkey_is_one_persons(story: &Story) {
    let store = &story.store;
    let of = async |person: &Person| store.passkeys(person.id).await.unwrap();
    let ana = story.sign_in(&story.ana, 1).await;
    let ben = story.sign_in(&story.ben, 2).await;
    let (one, two) = (passkey(1, story), passkey(2, story));
    store.add_passkey(&ana, &one).await.unwrap();
    store.add_passkey(&ana, &two).await.unwrap();
    // Not even one that the other brings along with everything that belongs to it.
    let refused = store.add_passkey(&ben, &one).await;
    assert!(matches!(refused, Err(Denied::Refused(Refusal::PasskeyNotBelieved))));
    assert_eq!(of(&story.ana).await, [one.clone(), two.clone()]);
    assert_eq!(of(&story.ben).await, []);

    story.clock.wait(MINUTE);
    let counted = |person: &Person, before: &str, after: &str, cookie| {
        let used =
            UsedPasskey { id: PasskeyId(vec![1]), before: before.to_owned(), credential: after.to_owned() };
        signing_in(story, person, Means::Passkey(used), cookie)
    };
    store.sign_in(&counted(&story.ana, "counter 0", "counter 1", 3), story.now()).await.unwrap();
    // Another sign-in was faster, it is somebody else's, or it is gone by now.
    for session in
        [counted(&story.ana, "counter 0", "counter 1", 4), counted(&story.ben, "counter 1", "counter 2", 4)]
    {
        let refused = store.sign_in(&session, story.now()).await;
        assert!(matches!(refused, Err(Denied::Refused(Refusal::PasskeyNotBelieved))));
        assert_eq!(story.actor(4).await, None);
    }
    assert_eq!(story.actor(3).await.unwrap().proven_at, Some(story.now()));
    let used = Passkey { credential: "counter 1".to_owned(), used_at: Some(story.now()), ..one.clone() };
    assert_eq!(of(&story.ana).await, [used.clone(), two.clone()]);

    assert!(!store.remove_passkey(&ben, &two.id, story.now()).await.unwrap());
    assert!(store.remove_passkey(&ana, &two.id, story.now()).await.unwrap());
    assert!(!store.remove_passkey(&ana, &two.id, story.now()).await.unwrap());
    assert_eq!(of(&story.ana).await, [used]);
    let events: Vec<_> = store.audit_of(story.ana.id, 4).await.unwrap().iter().map(event).collect();
    assert_eq!(events, [Event::PasskeyRemoved, Event::SignedIn, Event::PasskeyAdded, Event::PasskeyAdded]);

    store.set_disabled(story.ana.id, true, story.now()).await.unwrap();
    assert_eq!(of(&story.ana).await, []);
    store.set_disabled(story.ana.id, false, story.now()).await.unwrap();
    assert_eq!(of(&story.ana).await.len(), 1);
    // Whoever sets the password does not know who added it.
    store.set_password(story.ana.id, "another hash", story.now()).await.unwrap();
    assert_eq!(of(&story.ana).await, []);
}

async fn a_recovery_code_opens_once(story: &Story) {
    let store = &story.store;
    let ana = story.sign_in(&story.ana, 1).await;
    let ben = story.sign_in(&story.ben, 2).await;
    let owner = async |name: &str, code| store.owner_of_recovery_code(name, &token(code)).await.unwrap();
    let opens = async |person: &Person, code| {
        let session = signing_in(story, person, Means::RecoveryCode(token(code)), 10 + code);
        store.sign_in(&session, story.now()).await.is_ok()
    };
    store.set_recovery_codes(&ana, &[token(1), token(2)], story.now()).await.unwrap();
    store.set_recovery_codes(&ben, &[token(3)], story.now()).await.unwrap();
    assert_eq!(owner("ben", 1).await, None);
    assert_eq!(owner("nobody", 1).await, None);
    assert_eq!(owner("ANA", 1).await, Some(story.ana.id));
    assert!(!opens(&story.ben, 1).await);
    let before = store.audit_head().await.unwrap();
    assert!(opens(&story.ana, 1).await && !opens(&story.ana, 1).await);
    assert_eq!(owner("ana", 1).await, None);
    assert_eq!(store.recovery_codes_left(story.ana.id).await.unwrap(), 1);
    let rows = store.audit_after(before.seq, 100).await.unwrap();
    assert_eq!(rows.iter().map(event).collect::<Vec<_>>(), [Event::RecoveryCodeUsed, Event::SignedIn]);

    store.set_recovery_codes(&ana, &[token(4), token(5)], story.now()).await.unwrap();
    assert_eq!(owner("ana", 2).await, None);
    store.set_disabled(story.ana.id, true, story.now()).await.unwrap();
    assert_eq!(owner("ana", 4).await, None);
    store.set_disabled(story.ana.id, false, story.now()).await.unwrap();
    assert_eq!(owner("ana", 4).await, Some(story.ana.id));
    let again = story.sign_in(&story.ana, 30).await;
    store.change_password(&again, "another hash", story.now()).await.unwrap();
    assert_eq!(owner("ana", 4).await, None);
    store.set_password(story.ben.id, "another hash", story.now()).await.unwrap();
    assert_eq!(owner("ben", 3).await, None);
}

/// Whoever holds a request back until they were signed out keeps no key to the account.
async fn a_session_that_ended_changes_nothing(story: &Story) {
    let store = &story.store;
    let ana = story.sign_in(&story.ana, 1).await;
    store.sign_out(&ana, story.now()).await.unwrap();
    let head = store.audit_head().await.unwrap();
    let refused = |answer: Result<(), Denied>| matches!(answer, Err(Denied::Refused(Refusal::NotSignedIn)));
    assert!(refused(store.add_passkey(&ana, &passkey(1, story)).await));
    assert!(refused(store.set_recovery_codes(&ana, &[token(1)], story.now()).await));
    assert!(refused(store.change_password(&ana, "another hash", story.now()).await));
    assert_eq!(store.audit_head().await.unwrap(), head);
}

/// Comparing takes a while.
async fn a_password_that_was_changed_meanwhile_opens_nothing(story: &Story) {
    let store = &story.store;
    let session = signing_in(story, &story.ana, story.by_password(&story.ana).await, 1);
    store.set_password(story.ana.id, "another hash", story.now()).await.unwrap();
    let refused = store.sign_in(&session, story.now()).await;
    assert!(matches!(refused, Err(Denied::Refused(Refusal::WrongCredentials))));
    assert_eq!(story.actor(1).await, None);
}

async fn rows_of_the_audit_are_a_chain(story: &Story) {
    let store = &story.store;
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    story.done(&actor, &phone).await;
    let rows = store.audit_after(0, 100).await.unwrap();
    let mut before = Link::NONE;
    for (seq, row) in (1..).zip(&rows) {
        assert_eq!(row.seq, seq);
        before = before.next(row);
        assert_eq!(row.link, Some(before));
    }
    assert_eq!(store.audit_head().await.unwrap(), Head { seq: rows.last().unwrap().seq, link: before });
    let own = store.audit_of(story.ana.id, 2).await.unwrap();
    assert_eq!(own.iter().map(event).collect::<Vec<_>>(), [Event::ResetDone, Event::ResetSubmitted]);
    assert!(store.audit_of(PersonId(new_id()), 2).await.unwrap().is_empty());
}

async fn what_may_be_used_once_is_used_once(story: &Story) {
    let used = async |number| story.store.use_once(&token(number), story.now()).await.unwrap();
    assert!(used(1).await && used(2).await);
    assert!(!used(1).await);
    story.clock.wait(23 * 60 * MINUTE);
    assert!(!used(1).await);
    story.clock.wait(2 * 60 * MINUTE);
    assert!(used(3).await && used(1).await);
    story.store.note(Event::SignInNotBegunHere, story.now()).await.unwrap();
    let rows = story.store.audit_after(0, 100).await.unwrap();
    let last = rows.last().unwrap();
    assert_eq!((event(last), last.person), (Event::SignInNotBegunHere, None));
}

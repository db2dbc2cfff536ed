//! What the rules rely on, whatever the database. Every store runs the whole story.

mod accounts;
mod commands;
mod identities;
mod passcodes;
mod sessions;

use std::collections::HashSet;
use std::sync::Arc;

use domain::account::{Account, Identity, Profile, SignOutOrder, TokenHash};
use domain::audit::{AuditEntry, Event, Head, Link};
use domain::command::{Command, CommandId, CommandState, Failure, Submission};
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
use domain::tries::Try;
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
    accounts::story(&mut open).await;
    identities::story(&mut open).await;
    sessions::story(&mut open).await;
    commands::story(&mut open).await;
    passcodes::story(&mut open).await;
}

pub struct Story {
    pub store: Arc<dyn Store>,
    pub clock: Arc<FakeClock>,
    pub ana: Person,
    pub ben: Person,
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

    pub async fn actor(&self, cookie: u8) -> Option<Actor> {
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
        Command::reset_passcode(CommandId(new_id()), actor.person.id, device, self.now())
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

    pub async fn settle(&self, command: CommandId, state: CommandState) -> bool {
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
    pub async fn done(&self, actor: &Actor, device: &Device) -> CommandId {
        let command = self.submit(actor, device).await.unwrap();
        self.begin_sending().await;
        assert!(self.settle(command, CommandState::Done).await);
        command
    }

    /// The one command that is due, with its passcode sealed.
    pub async fn begin_sending(&self) {
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

fn until(story: &Story) -> Timestamp {
    story.now().plus_millis(MINUTE)
}

const ISSUER: &str = "https://id.example.com";

fn identity(issuer: &str, subject: &str) -> Identity {
    Identity { issuer: issuer.to_owned(), subject: subject.to_owned() }
}

fn profile(email: &str) -> Profile {
    let (name, email, subject) = ("Ana".to_owned(), email.to_owned(), format!("of {email}"));
    Profile { name, email, subject, it_admin: false }
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

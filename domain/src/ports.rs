//! What the rules need from outside. One trait a neighbour; each has a real adapter in `server`.

use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::account::{Account, Identity, Profile, SignOutOrder, SignedIn, TokenHash};
use crate::audit::{AuditEntry, Event, Head};
use crate::command::{Command, CommandId, CommandState, CommandStep, Failure, Submission};
use crate::device::{Device, DeviceId, FleetId};
use crate::fleet::FleetError;
use crate::freshness::{Authentication, Grant, Purpose, RevealFacts, SignInWindow, Verdict};
use crate::live::{Bell, Signal};
use crate::notification::Notification;
use crate::passkey::{Passkey, PasskeyId, UsedPasskey};
use crate::person::{Actor, Person, PersonId, SessionId};
use crate::sign_in::Arriving;
use crate::tries::Try;
use crate::{Refusal, Timestamp};

/// The one clock. Never runs backwards while the process lives.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// A cryptographic source.
pub trait Randomness: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// Encrypts what only this program may read, such as a temporary passcode for the database. `row` is bound to it: what is
/// sealed for one row, or one browser, does not open for another.
pub trait Sealer: Send + Sync {
    fn seal(&self, row: &[u8], text: &SecretString) -> Sealed;
    /// # Errors
    /// When the key is not the one it was sealed with, or the bytes were changed.
    fn open(&self, row: &[u8], sealed: &Sealed) -> Result<SecretString, SealBroken>;
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sealed {
    /// Which key, so that keys can be rotated.
    pub key_id: String,
    pub nonce: Vec<u8>,
    pub ciphertext: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed passcode does not open with the key at hand")]
pub struct SealBroken;

/// Tells open pages that something changed. A hint: the rows are the truth.
pub trait Signals: Send + Sync {
    fn send(&self, signal: Signal);
}

/// How a person proves who they are. Local accounts now; identity providers later.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// `None` for an unknown name and for a wrong password alike, after the same work.
    async fn authenticate(
        &self,
        user_name: &str,
        password: &SecretString,
    ) -> Result<Option<(PersonId, Means)>, StoreError>;
    /// Whether the password is the person's current one.
    ///
    /// # Errors
    /// [`Refusal::TooOften`] when it was wrong too often: whoever sits at an open page may not guess.
    async fn check(&self, person: PersonId, password: &SecretString) -> Result<bool, Denied>;
    /// Whether a new password is among those that are tried first. `about` is what anybody may know of the person.
    fn is_guessable(&self, password: &SecretString, about: &[&str]) -> bool;
    /// What to keep of a new password.
    async fn hash(&self, password: &SecretString) -> Result<String, StoreError>;
}

/// The database did not do it; nothing was changed. Made from whatever error the database's own library has,
/// which is why it is no [`std::error::Error`] itself.
#[derive(Debug)]
pub struct StoreError(pub String);

impl<E: std::error::Error> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the database failed: {}", self.0)
    }
}

/// Why a use case did not happen: the rules refused it, or a neighbour failed.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("{0}")]
    Store(StoreError),
    #[error(transparent)]
    Fleet(#[from] FleetError),
    #[error(transparent)]
    Seal(#[from] SealBroken),
}

impl From<StoreError> for Denied {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A sign-in that succeeded, to be recorded.
pub struct NewSession {
    pub session: SessionId,
    pub person: PersonId,
    pub proof: Authentication,
    pub by: Means,
    pub arriving: Arriving,
}

/// How somebody signed in.
pub enum Means {
    /// As it was kept when it was compared.
    Password {
        hash: String,
    },
    /// Used up by the sign-in.
    RecoveryCode(TokenHash),
    Passkey(UsedPasskey),
    /// The issuer that told us, and what it calls its own session, so that it can end ours.
    Provider {
        issuer: String,
        session: Option<String>,
    },
}

/// With how many sign-ins an issuer told when the person was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proofs {
    pub sign_ins: u32,
    pub told: u32,
}

/// What the first sign-in in a window's browser made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowOutcome {
    pub verdict: Verdict,
    pub purpose: Purpose,
    pub device: DeviceId,
}

pub struct SessionLimits {
    pub idle_seconds: i64,
    pub absolute_seconds: i64,
}

/// The portal's own rows. Every method is one transaction; what must happen together happens in one method.
#[async_trait]
pub trait Store: Send + Sync {
    // Accounts
    async fn add_person(
        &self,
        person: &Person,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    async fn person(&self, id: PersonId) -> Result<Option<Person>, StoreError>;
    /// Not of the disabled ones, nor of those whom an identity provider signs in.
    async fn password_of_user(&self, user_name: &str) -> Result<Option<(PersonId, String)>, StoreError>;
    async fn password_of_person(&self, id: PersonId) -> Result<Option<String>, StoreError>;
    /// Whether anybody signs in with a password of ours.
    async fn has_passwords(&self) -> Result<bool, StoreError>;
    /// Ends every other session of the person, and every window and grant with them.
    async fn change_password(&self, actor: &Actor, password_hash: &str, now: Timestamp)
    -> Result<(), Denied>;

    /// For an operator, who has no session. Ends every session, window and grant of the person, and what else opened
    /// the account.
    async fn set_password(
        &self,
        person: PersonId,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// A disabled person cannot sign in; every session, window and grant of theirs ends.
    async fn set_disabled(&self, person: PersonId, disabled: bool, now: Timestamp) -> Result<(), StoreError>;
    /// By user name.
    async fn accounts(&self) -> Result<Vec<Account>, StoreError>;
    /// Writes the audit row of a refused password, the same for a name that nobody has.
    async fn note_failed_sign_in(&self, user_name: &str, now: Timestamp) -> Result<(), StoreError>;
    /// Whether somebody signed in under this name with this browser before.
    async fn knows_browser(&self, user_name: &str, browser: &TokenHash) -> Result<bool, StoreError>;

    // Sessions, windows, grants
    /// Session, end of the old one, what was signed in with used up, window consumed and judged by [`SignInWindow::judge`], grant, audit.
    ///
    /// # Errors
    /// [`Refusal::AccountDisabled`], which alone is written down; and when what was signed in with is gone by now,
    /// [`Refusal::WrongCredentials`] or [`Refusal::PasskeyNotBelieved`].
    async fn sign_in(&self, new: &NewSession, now: Timestamp) -> Result<Option<WindowOutcome>, Denied>;
    /// Whose identity it is, with what is said of them today: `newcomer` when it is nobody's yet.
    async fn person_of(
        &self,
        identity: &Identity,
        profile: &Profile,
        newcomer: PersonId,
        now: Timestamp,
    ) -> Result<PersonId, StoreError>;
    /// Whether it is used for the first time. Kept for a day.
    async fn use_once(&self, what: &TokenHash, now: Timestamp) -> Result<bool, StoreError>;
    /// Writes down what happened to nobody we know.
    async fn note(&self, event: Event, now: Timestamp) -> Result<(), StoreError>;
    /// Ends the sessions that a provider's order is about: of its own session, else all of the subject's. `None` when the
    /// order was carried out before.
    async fn end_provider_sessions(
        &self,
        order: &SignOutOrder,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError>;
    /// The issuer that this session came from, for signing out there as well.
    async fn issuer_of(&self, session: SessionId) -> Result<Option<String>, StoreError>;
    /// Of the newest twenty sessions that an issuer told us of.
    async fn proofs_of(&self, issuer: &str) -> Result<Proofs, StoreError>;
    /// The actor behind a session cookie, unless it ended, idled out or grew too old. Notes that it was used.
    async fn actor(
        &self,
        token: &TokenHash,
        limits: &SessionLimits,
        now: Timestamp,
    ) -> Result<Option<Actor>, StoreError>;
    /// Ends the session and its grants.
    async fn sign_out(&self, actor: &Actor, now: Timestamp) -> Result<(), StoreError>;
    /// Ends the session and opens the window; an older window of this browser is void.
    async fn sign_out_to_prove(
        &self,
        actor: &Actor,
        window: &SignInWindow,
        browser: &TokenHash,
        replaces: Option<&TokenHash>,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// The browser's window, unless it was consumed.
    async fn window(&self, browser: &TokenHash) -> Result<Option<SignInWindow>, StoreError>;
    async fn sessions(
        &self,
        actor: &Actor,
        limits: &SessionLimits,
        now: Timestamp,
    ) -> Result<Vec<SignedIn>, StoreError>;
    /// False when there is no such session of that person.
    async fn end_session(
        &self,
        actor: &Actor,
        session: SessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Which sessions ended at or after `since`, by this process or another.
    async fn sessions_ended_since(&self, since: Timestamp) -> Result<Vec<SessionId>, StoreError>;
    /// The newest unspent grant of that session for that device.
    async fn grant(&self, actor: &Actor, device: &DeviceId) -> Result<Option<Grant>, StoreError>;

    // How often something may be tried
    /// Takes one of each, or none of any.
    ///
    /// # Errors
    /// [`Refusal::TooOften`].
    async fn take_tries(&self, tries: &[Try], period_millis: i64, now: Timestamp) -> Result<(), Denied>;
    async fn give_back_tries(&self, tries: &[Try], now: Timestamp) -> Result<(), StoreError>;

    // Passkeys and recovery codes
    /// Oldest first; none of a disabled person.
    async fn passkeys(&self, person: PersonId) -> Result<Vec<Passkey>, StoreError>;
    /// # Errors
    /// [`Refusal::PasskeyNotBelieved`] when there is one of that id, whoever has it, and [`Refusal::NotSignedIn`] when
    /// the session has ended by now.
    async fn add_passkey(&self, actor: &Actor, passkey: &Passkey) -> Result<(), Denied>;
    /// False when that person has none of that id.
    async fn remove_passkey(&self, actor: &Actor, id: &PasskeyId, now: Timestamp)
    -> Result<bool, StoreError>;
    /// Instead of all that the person had.
    async fn set_recovery_codes(
        &self,
        actor: &Actor,
        codes: &[TokenHash],
        now: Timestamp,
    ) -> Result<(), Denied>;
    async fn recovery_codes_left(&self, person: PersonId) -> Result<u32, StoreError>;
    /// Whose unused code it is. [`Store::sign_in`] uses it.
    async fn owner_of_recovery_code(
        &self,
        user_name: &str,
        code: &TokenHash,
    ) -> Result<Option<PersonId>, StoreError>;

    // Commands
    /// Reads the facts, asks [`crate::command::may_submit`], spends the grant, writes the command and the audit row.
    async fn submit(
        &self,
        actor: &Actor,
        device: &Device,
        command: &Command,
        at_most_an_hour: usize,
        now: Timestamp,
    ) -> Result<Submission, Denied>;
    async fn last_command(&self, person: PersonId, device: &DeviceId) -> Result<Option<Command>, StoreError>;
    /// The newest command of each of the person's devices.
    async fn last_commands(&self, person: PersonId) -> Result<Vec<Command>, StoreError>;
    async fn open_command(&self, device: &DeviceId) -> Result<Option<Command>, StoreError>;
    async fn command(&self, id: CommandId) -> Result<Option<Command>, StoreError>;
    async fn steps(&self, command: CommandId) -> Result<Vec<CommandStep>, StoreError>;
    /// Takes one command that is due, for this worker alone until `until`. None of those MDMs that are busy.
    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        busy: &[FleetId],
    ) -> Result<Option<Lease>, StoreError>;
    /// Holds the lease for longer. False: another worker has it by now.
    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<bool, StoreError>;
    /// Records "sending", since when, and the passcode that will be sent, before the MDM is called. False: the lease was
    /// lost, or the command has been sent.
    async fn begin_sending(
        &self,
        lease: &Lease,
        passcode: Option<&Sealed>,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
    /// The one door for outcomes: state, passcode, audit and notification together.
    /// Returns whose pages to tell; `None` when the state would not have moved forward or the lease was lost.
    async fn settle(&self, settlement: &Settlement, now: Timestamp) -> Result<Option<PersonId>, StoreError>;
    /// Gives a leased command back.
    async fn release(&self, lease: &Lease, pause: Pause) -> Result<(), StoreError>;
    /// When the next command is due, so that the worker need not ask in between.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    // Temporary passcodes
    /// Whether the last reset of this device by this person left a passcode, and what became of it.
    async fn passcode(
        &self,
        person: PersonId,
        device: &DeviceId,
        now: Timestamp,
    ) -> Result<Option<StoredPasscode>, StoreError>;
    /// Asks [`crate::freshness::may_reveal`], starts the ten minutes at the first reveal, writes the audit row.
    async fn reveal(
        &self,
        actor: &Actor,
        device: &DeviceId,
        now: Timestamp,
    ) -> Result<StoredPasscode, Denied>;
    /// Erases it; what is gone already stays gone.
    async fn forget_passcode(
        &self,
        actor: &Actor,
        device: &DeviceId,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    async fn erase_expired(&self, now: Timestamp) -> Result<u64, StoreError>;

    // Notifications
    /// Newest first, at most a hundred.
    async fn notifications(&self, person: PersonId) -> Result<Vec<Notification>, StoreError>;
    async fn notifications_after(
        &self,
        person: PersonId,
        cursor: i64,
    ) -> Result<Vec<Notification>, StoreError>;
    async fn bell(&self, person: PersonId) -> Result<Bell, StoreError>;
    async fn mark_read(&self, person: PersonId, up_to: i64, now: Timestamp) -> Result<(), StoreError>;

    /// At most `limit` rows of the audit after `seq`, oldest first.
    async fn audit_after(&self, seq: i64, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;
    /// The newest rows about a person, newest first.
    async fn audit_of(&self, person: PersonId, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;
    /// The last row that was written.
    async fn audit_head(&self) -> Result<Head, StoreError>;

    /// Fails when the database cannot be reached.
    async fn ready(&self) -> Result<(), StoreError>;
    /// The latest time any row was written at, so that a clock turned back between two starts is noticed.
    async fn latest_time(&self) -> Result<Option<Timestamp>, StoreError>;
}

/// Until `release` or its end, one worker's alone. A worker whose lease was taken over holds an old fence and is ignored.
#[derive(Clone, Debug)]
pub struct Lease {
    pub command: Command,
    /// The owner, as the MDM knows them.
    pub owner: Person,
    /// The fencing token.
    pub fence: i64,
    /// From then on it may be another one's, unless it was renewed.
    pub until: Timestamp,
    /// How often in a row the MDM did not answer, for the backoff.
    pub failures: u32,
    /// What was sealed before an earlier send, so that a resend sends the same.
    pub passcode: Option<Sealed>,
}

pub struct Settlement {
    pub command: CommandId,
    /// The worker's fence; `None` for what an MDM or the owner says of their own accord.
    pub fence: Option<i64>,
    /// Settle only what is certainly not with the MDM.
    pub only_unsent: bool,
    pub state: CommandState,
    pub failure: Option<Failure>,
    /// A passcode the MDM made, sealed.
    pub passcode: Option<Sealed>,
    /// What the MDM calls the command.
    pub handle: Option<String>,
}

/// Until when a command is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    pub due: Timestamp,
    /// How often in a row the MDM did not answer.
    pub failures: u32,
    /// What was being sent certainly did not arrive: it is as if it had not been sent.
    pub unsent: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPasscode {
    pub command: CommandId,
    pub state: PasscodeState,
    pub facts: RevealFacts,
    pub expires_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasscodeState {
    Sealed(Sealed),
    Erased,
}

//! What happened: who did what to which device, never a secret.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::command::CommandId;
use crate::device::DeviceId;
use crate::person::PersonId;
use crate::{Timestamp, hex};

/// Each with its name in the database and in exports.
macro_rules! events {
    ($($(#[$meta:meta])* $event:ident = $name:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Event {
            $($(#[$meta])* $event,)*
        }

        impl Event {
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$event => $name,)*
                }
            }

            /// `None`: a later version wrote it.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$event),)*
                    _ => None,
                }
            }
        }
    };
}

events! {
    PersonAdded = "person_added",
    /// Name, address or role, by an identity provider.
    PersonChanged = "person_changed",
    PersonDisabled = "person_disabled",
    PersonEnabled = "person_enabled",
    PasswordChanged = "password_changed",
    /// By an operator.
    PasswordSet = "password_set",
    PasskeyAdded = "passkey_added",
    PasskeyRemoved = "passkey_removed",
    RecoveryCodesMade = "recovery_codes_made",
    RecoveryCodeUsed = "recovery_code_used",
    SignedIn = "signed_in",
    SignInFailed = "sign_in_failed",
    SignInNotBegunHere = "sign_in_not_begun_here",
    SignInDeniedByProvider = "sign_in_denied_by_provider",
    SignInNotBelieved = "sign_in_not_believed",
    SignInOfDisabled = "sign_in_of_disabled",
    SignedOut = "signed_out",
    SignedOutByProvider = "signed_out_by_provider",
    WindowOpened = "window_opened",
    WindowProven = "window_proven",
    WindowLate = "window_late",
    WindowOfAnotherPerson = "window_of_another_person",
    WindowNotFresh = "window_not_fresh",
    WindowTooWeak = "window_too_weak",
    ResetRefused = "reset_refused",
    ResetSubmitted = "reset_submitted",
    ResetDone = "reset_done",
    ResetFailed = "reset_failed",
    ResetExpired = "reset_expired",
    ResetCancelled = "reset_cancelled",
    PasscodeRevealed = "passcode_revealed",
    PasscodeErased = "passcode_erased",
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the link of a row")]
pub struct NotALink;

/// SHA-256 over a row and the link of the row before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link(pub [u8; 32]);

impl Link {
    /// Before the first row.
    pub const NONE: Self = Self([0; 32]);

    /// Of a row that comes after the one with this link.
    #[must_use]
    pub fn next(&self, row: &AuditEntry) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(row.seq.to_be_bytes());
        hash.update(row.at.0.to_be_bytes());
        // With their lengths, so that nothing can move from one field into the next.
        let parts = [
            Some(row.event.as_bytes()),
            row.person.as_ref().map(|person| &person.0.as_bytes()[..]),
            row.device.as_ref().map(String::as_bytes),
            row.command.as_ref().map(|command| &command.0.as_bytes()[..]),
        ];
        for part in parts {
            hash.update(part.map_or(u64::MAX, |part| part.len() as u64).to_be_bytes());
            hash.update(part.unwrap_or_default());
        }
        Self(hash.finalize().into())
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.0)
    }
}

impl FromStr for Link {
    type Err = NotALink;

    fn from_str(text: &str) -> Result<Self, NotALink> {
        hex::read(text).and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(NotALink)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Grows by one with every row.
    pub seq: i64,
    pub at: Timestamp,
    /// The name of an [`Event`], or whatever somebody wrote there.
    pub event: String,
    pub person: Option<PersonId>,
    pub user_name: Option<String>,
    pub device: Option<String>,
    pub command: Option<CommandId>,
    /// Binds it to all rows before. `None` in rows of a version that made no chain.
    pub link: Option<Link>,
}

/// The last row that was written, kept apart from the rows: without it nobody would miss the last ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub seq: i64,
    pub link: Link,
}

/// One thing that happened, to the person it happened to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happened {
    pub seq: i64,
    pub at: Timestamp,
    pub event: Event,
    /// While it is theirs.
    pub device: Option<(DeviceId, String)>,
}

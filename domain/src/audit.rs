//! What happened: who did what to which device, never a secret.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::command::CommandId;
use crate::device::DeviceId;
use crate::person::PersonId;
use crate::{Timestamp, hex};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    PersonAdded,
    /// Name, address or role, by an identity provider.
    PersonChanged,
    PersonDisabled,
    PersonEnabled,
    PasswordChanged,
    /// By an operator.
    PasswordSet,
    PasskeyAdded,
    PasskeyRemoved,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    SignedIn,
    SignInFailed,
    SignInNotBegunHere,
    SignInDeniedByProvider,
    SignInNotBelieved,
    SignInOfDisabled,
    SignedOut,
    SignedOutByProvider,
    WindowOpened,
    WindowProven,
    WindowLate,
    WindowOfAnotherPerson,
    WindowNotFresh,
    WindowTooWeak,
    ResetRefused,
    ResetSubmitted,
    ResetDone,
    ResetFailed,
    ResetExpired,
    ResetCancelled,
    PasscodeRevealed,
    PasscodeErased,
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
    pub event: Event,
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

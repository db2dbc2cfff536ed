use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::person::{Person, SessionId};

/// At least this many characters, as NIST SP 800-63B asks of a password that stands alone.
pub const MIN_PASSWORD_CHARS: usize = 15;
/// Longer ones are refused before they are hashed.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// For how long a browser is known by its last sign-in, and keeps its cookie.
pub const BROWSER_KNOWN_SECONDS: i64 = 365 * 24 * 60 * 60;

/// SHA-256 of a cookie's 256 random bits. The bits themselves are never stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenHash(pub [u8; 32]);

/// Who somebody is at an identity provider. The pair is the person: an e-mail address may be somebody else's tomorrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
}

/// An identity provider's order to sign somebody out, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOutOrder {
    /// What may be used once.
    pub id: TokenHash,
    pub issuer: String,
    /// Whom: one session of theirs, or all.
    pub subject: Option<String>,
    pub session: Option<String>,
}

/// What an identity provider says of a person, as it is today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    /// Empty when the provider says that it may be somebody else's.
    pub email: String,
    /// What the organisation's directory calls them.
    pub subject: String,
    pub it_admin: bool,
}

/// An account, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub person: Person,
    pub disabled: bool,
}

/// A browser somebody is signed in with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    pub session: SessionId,
    pub agent: String,
    pub signed_in_at: Timestamp,
    pub last_used_at: Timestamp,
    /// Whether it is the one asking.
    pub this_one: bool,
}

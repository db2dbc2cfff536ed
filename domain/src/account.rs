use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::person::SessionId;

/// At least this many characters, as NIST SP 800-63B asks of a password that stands alone.
pub const MIN_PASSWORD_CHARS: usize = 15;
/// Longer ones are refused before they are hashed.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// SHA-256 of a cookie's 256 random bits. The bits themselves are never stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenHash(pub [u8; 32]);

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

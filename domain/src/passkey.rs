//! A key of a local account that lives in a device or a password manager.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Timestamp, hex};

/// As the key calls itself; written in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PasskeyId(pub Vec<u8>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a passkey")]
pub struct NotAPasskeyId;

impl FromStr for PasskeyId {
    type Err = NotAPasskeyId;

    fn from_str(text: &str) -> Result<Self, NotAPasskeyId> {
        hex::read(text).filter(|bytes| !bytes.is_empty()).map(Self).ok_or(NotAPasskeyId)
    }
}

impl fmt::Display for PasskeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.0)
    }
}

impl TryFrom<String> for PasskeyId {
    type Error = NotAPasskeyId;

    fn try_from(text: String) -> Result<Self, NotAPasskeyId> {
        text.parse()
    }
}

impl From<PasskeyId> for String {
    fn from(id: PasskeyId) -> Self {
        id.to_string()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    pub id: PasskeyId,
    /// What verifies with it, as the ceremony of signing in wrote it. No secret.
    pub credential: String,
    /// The browser it was added with, to tell it by.
    pub agent: String,
    pub added_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

/// One that somebody has just signed in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedPasskey {
    pub id: PasskeyId,
    /// What was known of it when it was verified, and what is to be known from now on.
    pub before: String,
    pub credential: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_and_read_back() {
        let id = PasskeyId(vec![0, 1, 0xab, 0xff]);
        assert_eq!(id.to_string(), "0001abff");
        assert_eq!("0001abff".parse(), Ok(id));
        for text in ["", "0", "0g", "000", "é0"] {
            assert_eq!(text.parse::<PasskeyId>(), Err(NotAPasskeyId), "{text}");
        }
    }
}

//! How often something may be tried: so often at once, and what was taken is given back evenly over time.

use crate::account::TokenHash;
use crate::{Refusal, Timestamp};

/// What is tried, by what it is counted under, and how often it may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    pub key: TokenHash,
    pub most: u32,
}

/// How much of it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// In thousandths of a try.
    pub used: i64,
    pub at: Timestamp,
}

const ONE: i64 = 1000;

impl Level {
    /// # Errors
    /// [`Refusal::TooOften`], with the seconds until there is one again.
    pub fn take(self, most: u32, period_millis: i64, now: Timestamp) -> Result<Self, Refusal> {
        let most = i64::from(most) * ONE;
        let passed = now.millis_since(self.at).clamp(0, period_millis);
        let used = (self.used - most * passed / period_millis).max(0) + ONE;
        if used > most {
            let millis = (used - most) * period_millis / most;
            return Err(Refusal::TooOften {
                retry_seconds: u32::try_from(millis / 1000 + 1).unwrap_or(u32::MAX),
            });
        }
        Ok(Self { used, at: now })
    }

    /// What was taken was no failure after all.
    #[must_use]
    pub fn give_back(self) -> Self {
        Self { used: (self.used - ONE).max(0), ..self }
    }
}

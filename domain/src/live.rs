use serde::{Deserialize, Serialize};

use crate::notification::Notification;
use crate::person::{PersonId, SessionId};

/// What happened, for whoever holds pages open. Carries ids only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Something the person can see has changed.
    Changed(PersonId),
    SessionEnded(SessionId),
    /// Every session of the person but this one, if any.
    SessionsEnded {
        person: PersonId,
        except: Option<SessionId>,
    },
}

/// What the flag shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bell {
    pub unread: u32,
    /// The newest notification there is, or zero.
    pub cursor: i64,
}

/// One message of the live stream: the whole truth the bell needs, so that a lost message costs nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveUpdate {
    pub unread: u32,
    /// Whether what the person can see may be another than when their page was drawn.
    pub changed: bool,
    /// The newest notification there is; a reconnecting page asks for what came after it.
    pub cursor: i64,
    /// What came after the cursor the page had.
    pub fresh: Vec<Notification>,
}

const SHORTEST_WAIT_MILLIS: u32 = 100;
const LONGEST_WAIT_MILLIS: u32 = 10_000;

/// How long a page waits before it opens its stream again. All pages of a program lose theirs in the same moment, so
/// that nearly all of it is left to chance: a number from 0 to 1.
#[must_use]
pub fn millis_until_again(restarting: bool, failures: u32, chance: f64) -> u32 {
    // Whoever is told so knows that it is not their network, and that nobody is there at once.
    let most =
        if restarting { LONGEST_WAIT_MILLIS } else { LONGEST_WAIT_MILLIS.min(1_000 << failures.min(4)) };
    let by_chance = chance * f64::from(most - SHORTEST_WAIT_MILLIS);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 10,000")]
    let by_chance = by_chance as u32;
    SHORTEST_WAIT_MILLIS + by_chance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_back_over_a_time_that_grows() {
        let waits = |restarting, failures| {
            [0.0, 0.5, 1.0].map(|chance| millis_until_again(restarting, failures, chance))
        };
        let longest = [0, 1, 2, 3, 4, u32::MAX].map(|failures| waits(false, failures)[2]);
        assert_eq!(longest, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
        assert_eq!(waits(false, 0), [100, 550, 1_000]);
        assert_eq!(waits(true, 0), [100, 5_050, 10_000]);
    }
}

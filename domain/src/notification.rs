use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Timestamp;
use crate::command::{CommandState, Failure};
use crate::device::{DeviceId, Platform};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NotificationId(pub Uuid);

/// What the flag says. Never a passcode: a notification may be read over somebody's shoulder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    pub id: NotificationId,
    /// Grows with every notification; a reconnecting page asks for what came after the last one it has.
    pub cursor: i64,
    pub device: DeviceId,
    pub device_name: String,
    pub platform: Platform,
    pub leaves_passcode: bool,
    pub news: News,
    pub at: Timestamp,
    pub read: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum News {
    PasscodeReset,
    ResetFailed(Failure),
    ResetExpired,
}

impl News {
    /// Which outcome is news. What the person did themselves, such as cancelling, is none.
    #[must_use]
    pub const fn of(state: CommandState, failure: Option<Failure>) -> Option<Self> {
        match (state, failure) {
            (CommandState::Done, _) => Some(Self::PasscodeReset),
            (CommandState::Failed, Some(failure)) => Some(Self::ResetFailed(failure)),
            (CommandState::Failed, None) => Some(Self::ResetFailed(Failure::Unexplained)),
            (CommandState::Expired, _) => Some(Self::ResetExpired),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_reset_is_news() {
        for state in CommandState::ALL {
            let news = News::of(state, None);
            let expected = matches!(state, CommandState::Done | CommandState::Failed | CommandState::Expired);
            assert_eq!(news.is_some(), expected, "{state:?}");
        }
    }

    #[test]
    fn a_failure_says_which() {
        let news = News::of(CommandState::Failed, Some(Failure::NoLongerYours));
        assert_eq!(news, Some(News::ResetFailed(Failure::NoLongerYours)));
    }
}

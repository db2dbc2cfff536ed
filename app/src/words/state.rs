use domain::Timestamp;
use domain::command::{Command, CommandState, Failure};
use domain::device::{Device, WhyNot};
use leptos_i18n::td_string;

use crate::i18n::Locale;

/// How long the end of a reset is still what matters most about a device.
const STILL_NEWS_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// How a device is, for its chip: in words, and in a tone that only repeats them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Online,
    Offline,
    /// Its MDM does not answer.
    NotKnown,
    Reset(CommandState, Option<Failure>),
}

impl Standing {
    pub fn of(device: &Device, last: Option<&Command>, as_of: Option<Timestamp>, now: Timestamp) -> Self {
        match last.filter(|command| still_matters(command, now)) {
            Some(command) => Self::Reset(command.state, command.failure),
            None if as_of.is_some() => Self::NotKnown,
            None if device.online => Self::Online,
            None => Self::Offline,
        }
    }

    pub fn words(self, l: Locale) -> &'static str {
        match self {
            Self::Online => td_string!(l, portal.card.online),
            Self::Offline => td_string!(l, portal.card.offline),
            Self::NotKnown => td_string!(l, portal.card.not_known),
            Self::Reset(CommandState::Failed, Some(Failure::Unknown)) => {
                td_string!(l, portal.state.unsettled)
            }
            Self::Reset(state, _) => chip_words(l, state),
        }
    }

    pub const fn class(self) -> &'static str {
        match self {
            Self::Online | Self::Reset(CommandState::Done, _) => "chip chip-good",
            Self::Offline | Self::NotKnown | Self::Reset(CommandState::Cancelled, _) => "chip chip-quiet",
            Self::Reset(CommandState::Failed | CommandState::Expired, _) => "chip chip-bad",
            Self::Reset(..) => "chip chip-busy",
        }
    }
}

fn still_matters(command: &Command, now: Timestamp) -> bool {
    let told_from = match command.state {
        CommandState::Done | CommandState::Cancelled => command.created_at,
        // May have failed as late as its deadline.
        _ => command.deadline,
    };
    !command.state.is_final() || now.millis_since(told_from) < STILL_NEWS_MILLIS
}

fn chip_words(l: Locale, state: CommandState) -> &'static str {
    match state {
        CommandState::Queued => td_string!(l, portal.state.queued),
        CommandState::Sending => td_string!(l, portal.state.sending),
        CommandState::Unknown => td_string!(l, portal.state.unknown),
        CommandState::Sent => td_string!(l, portal.state.sent),
        CommandState::Waiting => td_string!(l, portal.state.waiting),
        CommandState::Done => td_string!(l, portal.state.done),
        CommandState::Failed => td_string!(l, portal.state.failed),
        CommandState::Expired => td_string!(l, portal.state.expired),
        CommandState::Cancelled => td_string!(l, portal.state.cancelled),
    }
}

/// A line of the timeline, of a command that failed so.
pub fn step_words(l: Locale, state: CommandState, failure: Option<Failure>) -> &'static str {
    match state {
        CommandState::Failed if failure == Some(Failure::Unknown) => td_string!(l, portal.timeline.unsettled),
        CommandState::Queued => td_string!(l, portal.timeline.queued),
        CommandState::Sending => td_string!(l, portal.timeline.sending),
        CommandState::Unknown => td_string!(l, portal.timeline.unknown),
        CommandState::Sent => td_string!(l, portal.timeline.sent),
        CommandState::Waiting => td_string!(l, portal.timeline.waiting),
        CommandState::Done => td_string!(l, portal.timeline.done),
        CommandState::Failed => td_string!(l, portal.timeline.failed),
        CommandState::Expired => td_string!(l, portal.timeline.expired),
        CommandState::Cancelled => td_string!(l, portal.timeline.cancelled),
    }
}

pub fn failure_words(l: Locale, failure: Failure) -> &'static str {
    match failure {
        Failure::DeviceRefused => td_string!(l, portal.failure.refused),
        Failure::MdmRefused => td_string!(l, portal.failure.mdm_refused),
        Failure::Unsupported => td_string!(l, portal.failure.unsupported),
        Failure::Retired => td_string!(l, portal.failure.retired),
        Failure::NoLongerYours => td_string!(l, portal.failure.not_yours),
        Failure::Dropped => td_string!(l, portal.failure.dropped),
        Failure::Unexplained => td_string!(l, portal.failure.unexplained),
        Failure::Unknown => td_string!(l, portal.failure.unknown),
    }
}

pub fn why_not_words(l: Locale, why: WhyNot) -> &'static str {
    match why {
        WhyNot::PlatformCannot => td_string!(l, portal.why_not.platform),
        WhyNot::VersionCannot => td_string!(l, portal.why_not.version),
        WhyNot::Retired => td_string!(l, portal.why_not.retired),
        WhyNot::NoUnlockToken => td_string!(l, portal.why_not.no_token),
        WhyNot::InactiveToken => td_string!(l, portal.why_not.inactive),
        WhyNot::PersonalEnrolment => td_string!(l, portal.why_not.personal),
        WhyNot::LostOrWiped => td_string!(l, portal.why_not.lost),
    }
}

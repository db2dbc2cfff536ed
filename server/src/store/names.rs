//! How enums are written in the database: one table a type, read both ways.

use domain::command::{CommandKind, CommandState, Failure};
use domain::device::Platform;
use domain::freshness::Purpose;
use domain::notification::News;
use domain::passcode::Maker;
use domain::ports::StoreError;

pub trait Named: Copy + PartialEq + 'static {
    const NAMES: &'static [(Self, &'static str)];

    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(value, _)| *value == self).map_or("", |(_, name)| name)
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        Self::NAMES
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(value, _)| *value)
            .ok_or_else(|| StoreError(format!("a row holds {text:?}, which this version does not know")))
    }
}

impl Named for CommandKind {
    const NAMES: &'static [(Self, &'static str)] = &[(Self::ResetPasscode, "reset_passcode")];
}

impl Named for CommandState {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Queued, "queued"),
        (Self::Sending, "sending"),
        (Self::Unknown, "unknown"),
        (Self::Sent, "sent"),
        (Self::Waiting, "waiting"),
        (Self::Done, "done"),
        (Self::Failed, "failed"),
        (Self::Expired, "expired"),
        (Self::Cancelled, "cancelled"),
    ];
}

impl Named for Failure {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::DeviceRefused, "device_refused"),
        (Self::MdmRefused, "mdm_refused"),
        (Self::Unsupported, "unsupported"),
        (Self::Retired, "retired"),
        (Self::NoLongerYours, "no_longer_yours"),
        (Self::Dropped, "dropped"),
        (Self::Unexplained, "unexplained"),
        (Self::Unknown, "unknown"),
    ];
}

impl Named for Platform {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Android, "android"),
        (Self::Ios, "ios"),
        (Self::Windows10Mobile, "windows_10_mobile"),
        (Self::WindowsPhone81, "windows_phone_8_1"),
        (Self::MacOs, "macos"),
        (Self::Windows, "windows"),
        (Self::Other, "other"),
    ];
}

impl Named for Maker {
    const NAMES: &'static [(Self, &'static str)] =
        &[(Self::Portal, "portal"), (Self::Mdm, "mdm"), (Self::Nobody, "nobody")];
}

impl Named for Purpose {
    const NAMES: &'static [(Self, &'static str)] = &[(Self::Reset, "reset"), (Self::Reveal, "reveal")];
}

impl Named for News {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::PasscodeReset, "passcode_reset"),
        (Self::ResetFailed(Failure::DeviceRefused), "reset_failed:device_refused"),
        (Self::ResetFailed(Failure::MdmRefused), "reset_failed:mdm_refused"),
        (Self::ResetFailed(Failure::Unsupported), "reset_failed:unsupported"),
        (Self::ResetFailed(Failure::Retired), "reset_failed:retired"),
        (Self::ResetFailed(Failure::NoLongerYours), "reset_failed:no_longer_yours"),
        (Self::ResetFailed(Failure::Dropped), "reset_failed:dropped"),
        (Self::ResetFailed(Failure::Unexplained), "reset_failed:unexplained"),
        (Self::ResetFailed(Failure::Unknown), "reset_failed:unknown"),
        (Self::ResetExpired, "reset_expired"),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_and_platform_has_a_name_that_reads_back() {
        for state in CommandState::ALL {
            assert_eq!(CommandState::parse(state.name()).ok(), Some(state));
        }
        for platform in Platform::ALL {
            assert_eq!(Platform::parse(platform.name()).ok(), Some(platform));
        }
        for failure in Failure::ALL {
            assert_eq!(Failure::parse(failure.name()).ok(), Some(failure));
            let news = News::ResetFailed(failure);
            assert_eq!(News::parse(news.name()).ok(), Some(news));
        }
    }

    #[test]
    fn an_unknown_name_is_an_error_and_not_absence() {
        assert!(CommandState::parse("teleported").is_err());
    }
}

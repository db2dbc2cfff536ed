use serde::{Deserialize, Serialize};

use crate::device::WhyNot;

/// Everything Latchkey says no to. Each has words of its own: what happened, what to do, whom to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    #[error("nobody is signed in")]
    NotSignedIn,
    #[error("user name or password is wrong")]
    WrongCredentials,
    #[error("a fresh sign-in is needed")]
    FreshSignInNeeded,
    #[error("not found")]
    NotFound,
    #[error("the device cannot be reset")]
    NotPossible(WhyNot),
    #[error("a reset of this device is already under way")]
    AlreadyOpen,
    #[error("the reset has reached the device")]
    TooLateToCancel,
    #[error("the temporary passcode is gone")]
    PasscodeGone,
    #[error("the current password is wrong")]
    WrongPassword,
    #[error("the new password is too short")]
    WeakPassword,
    #[error("the new password is easily guessed")]
    GuessablePassword,
    #[error("the phone is locked")]
    PhoneLocked,
    #[error("the request could not be read")]
    Malformed,
    #[error("the request is too large")]
    TooLarge,
    #[error("the request has the wrong type")]
    WrongType,
    #[error("the request came from another site")]
    CrossSite,
    #[error("the request is for another site")]
    Misdirected,
    /// A limit was reached; it lets go again after so many seconds.
    #[error("too many attempts")]
    TooOften { retry_seconds: u32 },
    #[error("the request took too long to arrive")]
    TooSlow,
    #[error("the account is disabled")]
    AccountDisabled,
    #[error("this sign-in was not begun in this browser, or is over")]
    NotBegunHere,
    #[error("the identity provider did not sign the person in")]
    ProviderDenied,
    #[error("the identity provider's answer cannot be believed")]
    ProviderNotBelieved,
    #[error("the identity provider does not answer")]
    ProviderUnreachable,
    #[error("the passkey cannot be used")]
    PasskeyNotBelieved,
    #[error("the MDM does not answer")]
    FleetSilent,
    #[error("the service cannot do this now")]
    Unavailable,
}

impl Refusal {
    /// The HTTP status this refusal leaves with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::NotBegunHere | Self::ProviderNotBelieved | Self::PasskeyNotBelieved => {
                400
            }
            Self::NotSignedIn | Self::WrongCredentials | Self::FreshSignInNeeded => 401,
            Self::CrossSite | Self::WrongPassword | Self::AccountDisabled | Self::ProviderDenied => 403,
            Self::NotFound => 404,
            Self::TooSlow => 408,
            Self::NotPossible(_) | Self::AlreadyOpen | Self::TooLateToCancel | Self::PhoneLocked => 409,
            Self::PasscodeGone => 410,
            Self::TooLarge => 413,
            Self::WrongType => 415,
            Self::Misdirected => 421,
            Self::WeakPassword | Self::GuessablePassword => 422,
            Self::TooOften { .. } => 429,
            Self::ProviderUnreachable | Self::FleetSilent | Self::Unavailable => 503,
        }
    }
}

use domain::Refusal;
use leptos_i18n::td_string;

use crate::i18n::Locale;

/// What happened, and what to do now. Whom to ask stands under it, from the organisation's settings.
pub struct RefusalWords {
    pub what: &'static str,
    pub do_now: &'static str,
}

macro_rules! words {
    ($locale:expr, $what:ident, $do_now:ident) => {
        RefusalWords {
            what: td_string!($locale, portal.refusal.$what),
            do_now: td_string!($locale, portal.refusal.$do_now),
        }
    };
}

pub fn refusal_words(l: Locale, refusal: Refusal) -> RefusalWords {
    match refusal {
        Refusal::NotSignedIn => words!(l, not_signed_in, not_signed_in_do),
        Refusal::WrongCredentials => words!(l, credentials, credentials_do),
        Refusal::FreshSignInNeeded => words!(l, fresh, fresh_do),
        Refusal::NotFound => words!(l, not_found, not_found_do),
        Refusal::NotPossible(_) => words!(l, not_possible, not_possible_do),
        Refusal::AlreadyOpen => words!(l, already_open, already_open_do),
        Refusal::TooLateToCancel => words!(l, too_late, too_late_do),
        Refusal::PasscodeGone => words!(l, gone, gone_do),
        Refusal::WrongPassword => words!(l, wrong_password, wrong_password_do),
        Refusal::WeakPassword => words!(l, weak_password, weak_password_do),
        Refusal::GuessablePassword => words!(l, guessable, guessable_do),
        Refusal::PhoneLocked => words!(l, phone_locked, phone_locked_do),
        Refusal::Malformed => words!(l, malformed, malformed_do),
        Refusal::TooLarge => words!(l, too_large, too_large_do),
        Refusal::WrongType => words!(l, wrong_type, wrong_type_do),
        Refusal::CrossSite => words!(l, cross_site, cross_site_do),
        Refusal::Misdirected => words!(l, misdirected, misdirected_do),
        Refusal::TooOften { .. } => words!(l, too_often, too_often_do),
        Refusal::TooSlow => words!(l, too_slow, too_slow_do),
        Refusal::AccountDisabled => words!(l, disabled, disabled_do),
        Refusal::NotBegunHere => words!(l, not_begun_here, not_begun_here_do),
        Refusal::ProviderDenied => words!(l, provider_denied, provider_denied_do),
        Refusal::ProviderNotBelieved => words!(l, provider_not_believed, provider_not_believed_do),
        Refusal::ProviderUnreachable => words!(l, provider_unreachable, provider_unreachable_do),
        Refusal::PasskeyNotBelieved => words!(l, passkey, passkey_do),
        Refusal::FleetSilent => words!(l, fleet_silent, fleet_silent_do),
        Refusal::Unavailable => words!(l, unavailable, unavailable_do),
    }
}

use domain::audit::Event;
use leptos_i18n::td_string;

use crate::i18n::Locale;

/// What happened, to the person it happened to.
pub fn event_words(l: Locale, event: Event) -> &'static str {
    match event {
        Event::PersonAdded => td_string!(l, portal.event.person_added),
        Event::PersonChanged => td_string!(l, portal.event.person_changed),
        Event::PersonDisabled => td_string!(l, portal.event.person_disabled),
        Event::PersonEnabled => td_string!(l, portal.event.person_enabled),
        Event::PasswordChanged => td_string!(l, portal.event.password_changed),
        Event::PasswordSet => td_string!(l, portal.event.password_set),
        Event::PasskeyAdded => td_string!(l, portal.event.passkey_added),
        Event::PasskeyRemoved => td_string!(l, portal.event.passkey_removed),
        Event::RecoveryCodesMade => td_string!(l, portal.event.recovery_codes_made),
        Event::RecoveryCodeUsed => td_string!(l, portal.event.recovery_code_used),
        Event::SignedIn => td_string!(l, portal.event.signed_in),
        Event::SignInFailed => td_string!(l, portal.event.sign_in_failed),
        Event::SignInNotBegunHere => td_string!(l, portal.event.sign_in_not_begun_here),
        Event::SignInDeniedByProvider => td_string!(l, portal.event.sign_in_denied_by_provider),
        Event::SignInNotBelieved => td_string!(l, portal.event.sign_in_not_believed),
        Event::SignInOfDisabled => td_string!(l, portal.event.sign_in_of_disabled),
        Event::SignedOut => td_string!(l, portal.event.signed_out),
        Event::SignedOutByProvider => td_string!(l, portal.event.signed_out_by_provider),
        Event::WindowOpened => td_string!(l, portal.event.window_opened),
        Event::WindowProven => td_string!(l, portal.event.window_proven),
        Event::WindowLate => td_string!(l, portal.event.window_late),
        Event::WindowOfAnotherPerson => td_string!(l, portal.event.window_of_another_person),
        Event::WindowNotFresh => td_string!(l, portal.event.window_not_fresh),
        Event::WindowTooWeak => td_string!(l, portal.event.window_too_weak),
        Event::ResetRefused => td_string!(l, portal.event.reset_refused),
        Event::ResetSubmitted => td_string!(l, portal.event.reset_submitted),
        Event::ResetDone => td_string!(l, portal.event.reset_done),
        Event::ResetFailed => td_string!(l, portal.event.reset_failed),
        Event::ResetExpired => td_string!(l, portal.event.reset_expired),
        Event::ResetCancelled => td_string!(l, portal.event.reset_cancelled),
        Event::PasscodeRevealed => td_string!(l, portal.event.passcode_revealed),
        Event::PasscodeErased => td_string!(l, portal.event.passcode_erased),
    }
}

use domain::command::Failure;
use domain::notification::News;
#[cfg(feature = "ssr")]
use domain::notification::Notification;
use leptos_i18n::td_string;

#[cfg(feature = "ssr")]
use super::state::failure_words;
use crate::i18n::Locale;

/// What happened.
pub fn news_words(l: Locale, news: News) -> &'static str {
    match news {
        News::PasscodeReset => td_string!(l, portal.notifications.reset),
        News::ResetFailed(Failure::Unknown) => td_string!(l, portal.notifications.unsettled),
        News::ResetFailed(_) => td_string!(l, portal.notifications.failed),
        News::ResetExpired => td_string!(l, portal.notifications.expired),
    }
}

/// Why, or what there is to do about it.
#[cfg(feature = "ssr")]
pub fn more_words(l: Locale, notification: &Notification) -> Option<&'static str> {
    match notification.news {
        News::PasscodeReset if notification.leaves_passcode => {
            Some(td_string!(l, portal.notifications.reset_temporary))
        }
        News::PasscodeReset => Some(td_string!(l, portal.notifications.reset_ios)),
        News::ResetFailed(failure) => Some(failure_words(l, failure)),
        News::ResetExpired => None,
    }
}

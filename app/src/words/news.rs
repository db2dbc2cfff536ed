use domain::device::Platform;
use domain::notification::{News, Notification};
use leptos_i18n::td_string;

use super::state::failure_words;
use crate::i18n::Locale;

/// What a notification says: what happened, and what there is to do about it.
pub struct NewsWords {
    pub what: &'static str,
    pub then: Option<&'static str>,
}

pub fn news_words(l: Locale, notification: &Notification) -> NewsWords {
    match notification.news {
        News::PasscodeReset => NewsWords {
            what: td_string!(l, portal.notifications.reset),
            then: Some(if notification.platform == Platform::Ios {
                td_string!(l, portal.notifications.reset_ios)
            } else {
                td_string!(l, portal.notifications.reset_temporary)
            }),
        },
        News::ResetFailed(failure) => NewsWords {
            what: td_string!(l, portal.notifications.failed),
            then: Some(failure_words(l, failure)),
        },
        News::ResetExpired => NewsWords { what: td_string!(l, portal.notifications.expired), then: None },
    }
}

//! What the rules' own terms are called in the reader's language. One file per term.

pub mod browser;
pub mod news;
pub mod platform;
pub mod refusal;
pub mod spelling;
pub mod state;
pub mod time;

use crate::i18n::{Locale, use_i18n};

/// The language of this page. It changes with a page load only, so nothing has to listen to it.
pub fn language() -> Locale {
    use_i18n().get_locale_untracked()
}

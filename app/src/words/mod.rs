//! What the rules' own terms are called in the reader's language. One file per term.

#[cfg(feature = "ssr")]
pub mod browser;
#[cfg(feature = "ssr")]
pub mod event;
pub mod news;
#[cfg(feature = "ssr")]
pub mod platform;
#[cfg(feature = "ssr")]
pub mod refusal;
#[cfg(feature = "ssr")]
pub mod spelling;
#[cfg(feature = "ssr")]
pub mod state;
pub mod time;

/// The language of this page. It changes with a page load only, so nothing has to listen to it.
#[cfg(feature = "ssr")]
pub fn language() -> crate::i18n::Locale {
    crate::i18n::use_i18n().get_locale_untracked()
}

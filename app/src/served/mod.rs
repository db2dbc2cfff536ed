//! What only the server knows while it draws a page, and what it may say besides the page. In the browser: nothing.

#[cfg(not(feature = "ssr"))]
#[path = "browser.rs"]
mod place;
#[cfg(feature = "ssr")]
#[path = "host.rs"]
mod place;

pub use place::*;

/// Where the choice of the footer's language switch is kept. Written by the server alone.
pub const LANGUAGE_COOKIE: &str = "i18n_pref_locale";

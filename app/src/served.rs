//! What the server knows while it draws a page, and what it may say besides the page.

use std::sync::Arc;

use domain::portal::Portal;
use domain::{Refusal, Timestamp};
use http::header::{ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY, COOKIE, HeaderValue};
use http::request::Parts;
use http::{HeaderName, StatusCode};
use jiff::tz::TimeZone;
use leptos::nonce::use_nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::ResponseOptions;

use crate::api::reveal_passcode::Revealed;
use crate::site::{Site, zone_named};
use crate::visitor::visitor;
use crate::wishes;

pub fn refused() -> Option<Refusal> {
    visitor().refused
}

pub fn revealed() -> Option<Revealed> {
    visitor().revealed
}

/// Whoever only outlines the program has none.
pub fn site() -> Option<Site> {
    use_context()
}

/// The time zone of what the server writes.
pub fn zone() -> TimeZone {
    site().and_then(|site| zone_named(&site.time_zone)).unwrap_or(TimeZone::UTC)
}

/// Whether anybody signs in with a password of ours. When that cannot be read, the fields stay.
pub async fn has_passwords() -> bool {
    let Some(portal) = use_context::<Arc<Portal>>() else { return true };
    portal.has_passwords().await.unwrap_or(true)
}

/// Whom a form of ours may lead to: browsers hold the redirect after it against the policy too.
#[derive(Clone)]
pub struct FormTargets(pub Vec<String>);

#[derive(Clone, Copy)]
struct Began(Timestamp);

/// Before anything of the page is read.
pub fn begin() {
    if let Some(portal) = use_context::<Arc<Portal>>() {
        provide_context(Began(portal.now()));
    }
}

/// What the page shows was so then, or later.
pub fn drawn() -> Option<Timestamp> {
    use_context::<Began>().map(|began| began.0)
}

pub fn is_static() -> bool {
    visitor().is_static()
}

/// In the form of Accept-Language.
pub fn languages() -> Option<String> {
    let parts = use_context::<Parts>()?;
    let [cookies, asked] = [COOKIE, ACCEPT_LANGUAGE].map(|name| header(&parts, &name));
    Some(wishes::language(cookies.as_deref(), asked.as_deref()).to_owned())
}

/// What may run on a page: our own files, and the script that stands in it and carries this answer's nonce.
pub fn protect() {
    let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) else { return };
    let style = if site().is_some_and(|site| site.style.is_some()) {
        format!(" 'nonce-{nonce}'")
    } else {
        String::new()
    };
    let targets = use_context::<FormTargets>().map_or_else(String::new, |targets| {
        targets.0.into_iter().fold(String::new(), |all, target| format!("{all} {target}"))
    });
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'{style}; img-src 'self'; \
         connect-src 'self'; form-action 'self'{targets}; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(CONTENT_SECURITY_POLICY, policy);
    }
}

/// leptos_meta writes a title into the document as it is; a phone may be called anything.
pub fn as_markup(text: String) -> String {
    html_escape::encode_text(&text).into_owned()
}

/// The status of a page that shows a refusal instead of its content. A stranger is sent to the sign-in page.
pub fn answer_with(refusal: Refusal) {
    if refusal == Refusal::NotSignedIn {
        leptos_axum::redirect("/sign-in");
        return;
    }
    if let (Some(response), Ok(status)) =
        (use_context::<ResponseOptions>(), StatusCode::from_u16(refusal.status()))
    {
        response.set_status(status);
    }
}

fn header(parts: &Parts, name: &HeaderName) -> Option<String> {
    Some(parts.headers.get(name)?.to_str().ok()?.to_owned())
}

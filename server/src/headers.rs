//! What every answer says to the browser about itself.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, StatusCode};

use crate::ending::Stage;
use crate::host::Host;

const HEADERS: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // "no-referrer" would make browsers send "Origin: null" with plain forms.
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];
/// Pages bring one with a nonce; nothing else is a document.
const NOTHING_RUNS: &str = "default-src 'none'; frame-ancestors 'none'";
const TWO_YEARS: &str = "max-age=63072000";

pub async fn add(State(host): State<Host>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    add_to(response.headers_mut(), host.origins.are_https());
    // So that no connection is closed at the very moment somebody uses it again.
    if *host.stopping.borrow() != Stage::Serving && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn add_to(headers: &mut HeaderMap, https: bool) {
    // What a signed-in person saw is not to be found in the browser after they signed out.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NOTHING_RUNS));
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TWO_YEARS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_its_own_policy_and_anything_else_gets_the_strictest() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("script-src 'nonce-1'"));
        add_to(&mut headers, true);
        assert_eq!(headers[CONTENT_SECURITY_POLICY], "script-src 'nonce-1'");
        assert_eq!(headers[STRICT_TRANSPORT_SECURITY], TWO_YEARS);
        let mut headers = HeaderMap::new();
        add_to(&mut headers, false);
        assert_eq!(headers[CONTENT_SECURITY_POLICY], NOTHING_RUNS);
        assert!(!headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }
}

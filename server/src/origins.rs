//! Which site we are, and whether a request comes from its own pages.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use http::header::{HeaderMap, ORIGIN};
use http::{HeaderName, Method};

use crate::host::Host;
use crate::refused::Refused;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

pub struct Origins(Vec<String>);

impl Origins {
    /// The demo answers to 127.0.0.1 and localhost alike.
    pub fn loopback(listen: SocketAddr) -> Self {
        let port = listen.port();
        Self(vec![
            format!("http://{listen}"),
            format!("http://127.0.0.1:{port}"),
            format!("http://localhost:{port}"),
        ])
    }

    pub fn contains(&self, headers: &HeaderMap) -> bool {
        headers
            .get(ORIGIN)
            .and_then(|origin| origin.to_str().ok())
            .is_some_and(|origin| self.0.iter().any(|own| own == origin))
    }

    /// The browser's own word (Fetch Metadata) where it gives one, else the Origin header; neither is no.
    fn is_own(&self, headers: &HeaderMap) -> bool {
        match headers.get(SEC_FETCH_SITE) {
            Some(site) => site == "same-origin",
            None => self.contains(headers),
        }
    }
}

/// Nothing is changed at another site's asking.
pub async fn same_origin(State(host): State<Host>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || host.origins.is_own(request.headers()) {
        next.run(request).await
    } else {
        Refused(Refusal::CrossSite).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(pairs: &[(&'static str, &str)]) -> bool {
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        Origins::loopback(([127, 0, 0, 1], 3000).into()).is_own(&headers)
    }

    #[test]
    fn only_our_own_pages_may_change_anything() {
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(own(&[("origin", "http://127.0.0.1:3000")]));
        assert!(own(&[("origin", "http://localhost:3000")]));
        assert!(!own(&[]));
        for site in ["same-site", "cross-site", "none"] {
            assert!(!own(&[("sec-fetch-site", site), ("origin", "http://127.0.0.1:3000")]), "{site}");
        }
        for origin in ["null", "http://127.0.0.1:3001", "http://127.0.0.1:3000.evil.example", "https://127.0.0.1:3000"] {
            assert!(!own(&[("origin", origin)]), "{origin}");
        }
    }
}

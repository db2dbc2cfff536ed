//! Which site we are, and whether a request comes from its own pages.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use http::header::{HeaderMap, ORIGIN};
use http::{HeaderName, Method, Uri};

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

    /// One site, as its operator says: https, because cookies travel with every request, or http on loopback.
    pub fn public(url: &str) -> Result<Self, String> {
        let refused = || {
            format!(
                "public_url is {url}, but it has to be https://… (or http://… on loopback), without a path"
            )
        };
        let url = url.trim_end_matches('/');
        let uri: Uri = url.parse().map_err(|_| refused())?;
        let host = uri.host().unwrap_or_default();
        let on_loopback = host == "localhost"
            || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        let allowed = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => on_loopback,
            _ => false,
        };
        if !allowed || uri.path().len() > 1 || uri.query().is_some() {
            return Err(refused());
        }
        Ok(Self(vec![url.to_owned()]))
    }

    pub fn are_https(&self) -> bool {
        self.0.iter().all(|origin| origin.starts_with("https://"))
    }

    pub fn contains(&self, headers: &HeaderMap) -> bool {
        headers
            .get(ORIGIN)
            .and_then(|origin| origin.to_str().ok())
            .is_some_and(|origin| self.0.iter().any(|own| own == origin))
    }

    /// The path of a page of ours that an absolute address names.
    pub fn own_page(&self, address: &str) -> Option<Uri> {
        let rest = self.0.iter().find_map(|own| address.strip_prefix(own.as_str()))?;
        let path = rest.starts_with('/').then(|| rest.split(['?', '#']).next())??;
        path.parse().ok()
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
    fn cookies_never_travel_in_the_clear() {
        for fine in [
            "https://portal.example.com",
            "https://portal.example.com/",
            "http://localhost:3000",
            "http://[::1]:80",
        ] {
            assert!(Origins::public(fine).is_ok(), "{fine}");
        }
        for not in [
            "http://portal.example.com",
            "http://10.0.0.1",
            "ftp://localhost",
            "https://a.example/portal",
            "portal",
            "",
        ] {
            assert!(Origins::public(not).is_err(), "{not}");
        }
    }

    #[test]
    fn a_page_is_ours_by_its_whole_origin() {
        let origins = Origins::loopback(([127, 0, 0, 1], 3000).into());
        let page = |address| origins.own_page(address).map(|uri| uri.to_string());
        assert_eq!(page("http://localhost:3000/devices/a.b?late").as_deref(), Some("/devices/a.b"));
        assert_eq!(page("http://127.0.0.1:3000.evil.example/devices"), None);
        assert_eq!(page("http://127.0.0.1:30001/devices"), None);
        assert_eq!(page("/devices"), None);
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
        for origin in
            ["null", "http://127.0.0.1:3001", "http://127.0.0.1:3000.evil.example", "https://127.0.0.1:3000"]
        {
            assert!(!own(&[("origin", origin)]), "{origin}");
        }
    }
}

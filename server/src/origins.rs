//! Which site we are, and whether a request comes from its own pages.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use http::header::{HOST, HeaderMap, ORIGIN};
use http::{HeaderName, Method, Uri};

use crate::config::is_safe_url;
use crate::host::Host;
use crate::peer::Peer;
use crate::refused::Refused;
use crate::signin::oidc::routes::is_called_by_provider;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

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
        if !is_safe_url(url) || uri.path().len() > 1 || uri.query().is_some() {
            return Err(refused());
        }
        Ok(Self(vec![url.to_owned()]))
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
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

    /// Under which of our names this request came.
    pub fn asked(&self, headers: &HeaderMap) -> &str {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let asked = self.0.iter().find(|own| own.split_once("://").is_some_and(|(_, name)| name == host));
        asked.or(self.0.first()).map_or("", String::as_str)
    }

    /// The path of a page of ours that an absolute address names.
    pub fn own_page(&self, address: &str) -> Option<Uri> {
        let rest = self.0.iter().find_map(|own| address.strip_prefix(own.as_str()))?;
        let path = rest.split(['?', '#']).next()?;
        // Two slashes at its head would be the name of another site.
        if !path.starts_with('/') || path.starts_with("//") || path.starts_with("/\\") {
            return None;
        }
        path.parse().ok()
    }

    /// Whether a request was meant for us. A proxy of ours may say for whom it asks; from anybody else that is a forgery
    /// when it names another.
    fn is_named(&self, headers: &HeaderMap, from_proxy: bool) -> bool {
        let ours = |name: &HeaderName| {
            let mut values = headers.get_all(name).iter();
            match (values.next(), values.next()) {
                (None, _) => None,
                (Some(value), None) => Some(value.to_str().is_ok_and(|host| self.has_host(host))),
                (Some(_), Some(_)) => Some(false),
            }
        };
        match (ours(&HOST), ours(&FORWARDED_HOST)) {
            (_, Some(false)) | (None, _) => false,
            (_, Some(true)) if from_proxy => true,
            (Some(host), _) => host,
        }
    }

    fn has_host(&self, host: &str) -> bool {
        self.0.iter().any(|own| {
            let (scheme, authority) = own.split_once("://").unwrap_or_default();
            let default = if scheme == "https" { ":443" } else { ":80" };
            let plain = |name: &str| name.strip_suffix(default).unwrap_or(name).to_ascii_lowercase();
            plain(authority) == plain(host)
        })
    }

    /// The browser's own word (Fetch Metadata) where it gives one, else the Origin header; neither is no.
    fn is_own(&self, headers: &HeaderMap) -> bool {
        match headers.get(SEC_FETCH_SITE) {
            Some(site) => site == "same-origin",
            None => self.contains(headers),
        }
    }
}

/// Another name for us in front of a cache or in a link would be somebody else's.
pub async fn own_host(State(host): State<Host>, request: Request, next: Next) -> Response {
    let from_proxy = request.extensions().get::<Peer>().is_some_and(|peer| peer.is_proxy);
    // A request line with a whole address in it names its host there.
    let told = request.uri().authority().is_none_or(|authority| host.origins.has_host(authority.as_str()));
    if told && host.origins.is_named(request.headers(), from_proxy) {
        next.run(request).await
    } else {
        // What an operator looks for whose proxy passes another name.
        tracing::info!(
            asked = ?request.headers().get(HOST),
            forwarded = ?request.headers().get(FORWARDED_HOST).filter(|_| from_proxy),
            own = ?host.origins.0,
            "asked for under another name"
        );
        Refused(Refusal::Misdirected).into_response()
    }
}

/// Nothing is changed at another site's asking.
pub async fn same_origin(State(host): State<Host>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let proves_itself = is_called_by_provider(request.uri().path());
    if reads || proves_itself || host.origins.is_own(request.headers()) {
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
        assert_eq!(page("http://localhost:3000//evil.example/"), None);
        assert_eq!(page("http://localhost:3000/\\evil.example/"), None);
    }

    #[test]
    fn only_our_own_name_is_ours() {
        let origins = Origins::public("https://portal.example.com").unwrap();
        let named = |pairs: &[(&'static str, &str)], from_proxy| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(HeaderName::from_static(name), value.parse().unwrap());
            }
            origins.is_named(&headers, from_proxy)
        };
        for host in ["portal.example.com", "Portal.Example.com", "portal.example.com:443"] {
            assert!(named(&[("host", host)], false), "{host}");
        }
        for host in ["", "portal.example.com:80", "portal.example.com.evil.example", "127.0.0.1:3000"] {
            assert!(!named(&[("host", host)], false), "{host}");
        }
        assert!(!named(&[], false));
        assert!(!named(&[("host", "portal.example.com"), ("host", "evil.example")], false));
        let forwarded = |host| [("host", "127.0.0.1:3000"), ("x-forwarded-host", host)];
        assert!(named(&forwarded("portal.example.com"), true));
        assert!(!named(&forwarded("portal.example.com"), false));
        assert!(!named(&forwarded("evil.example"), true));
        assert!(!named(&[("host", "portal.example.com"), ("x-forwarded-host", "evil.example")], false));
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

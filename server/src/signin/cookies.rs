//! The cookies. On https they are bound to the host and to TLS; on loopback over http WebKit would drop such ones.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::account::{BROWSER_KNOWN_SECONDS, TokenHash};
use domain::ports::Randomness;
use http::HeaderValue;
use http::header::{COOKIE, HeaderMap};
use sha2::{Digest, Sha256};

#[derive(Clone, Copy)]
pub struct Cookies {
    pub secure: bool,
}

#[derive(Clone, Copy)]
pub enum Kind {
    Session,
    /// Marks the browser that a sign-in window was opened in.
    Window,
    /// A browser that somebody signed in with before.
    Known,
    /// A browser that asked an identity provider who it is.
    Asking,
}

pub const KINDS: [Kind; 4] = [Kind::Session, Kind::Window, Kind::Known, Kind::Asking];

/// Of 256 bits in base64.
const TOKEN_SIGNS: usize = 43;

/// 256 random bits, known to the browser alone.
pub struct Token(String);

impl Token {
    pub fn new(random: &dyn Randomness) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }

    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl Cookies {
    pub fn read(self, headers: &HeaderMap, kind: Kind) -> Option<TokenHash> {
        self.token(headers, kind).map(|token| token.hash())
    }

    pub fn token(self, headers: &HeaderMap, kind: Kind) -> Option<Token> {
        let name = self.name(kind);
        let mut sent = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(key, _)| *key == name);
        // Of two with one name, one was put there by somebody else: a neighbour on another port, or a sibling domain.
        let token = sent.next()?.1;
        // Of another length it was not made here.
        (sent.next().is_none() && token.len() == TOKEN_SIGNS).then(|| Token(token.to_owned()))
    }

    pub fn set(self, kind: Kind, token: &Token) -> HeaderValue {
        let age = match kind {
            // The server ends sessions; the browser forgets this one when it closes.
            Kind::Session => String::new(),
            Kind::Window => "; Max-Age=900".to_owned(),
            Kind::Asking => "; Max-Age=3600".to_owned(),
            Kind::Known => format!("; Max-Age={BROWSER_KNOWN_SECONDS}"),
        };
        self.header(kind, &token.0, &age)
    }

    pub fn clear(self, kind: Kind) -> HeaderValue {
        self.header(kind, "", "; Max-Age=0")
    }

    fn header(self, kind: Kind, value: &str, age: &str) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", self.name(kind));
        let mut header = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
        header.set_sensitive(true);
        header
    }

    fn name(self, kind: Kind) -> &'static str {
        match (kind, self.secure) {
            (Kind::Session, false) => "latchkey_session",
            (Kind::Session, true) => "__Host-latchkey_session",
            (Kind::Window, false) => "latchkey_window",
            (Kind::Window, true) => "__Host-latchkey_window",
            (Kind::Asking, false) => "latchkey_asking",
            (Kind::Asking, true) => "__Host-latchkey_asking",
            (Kind::Known, false) => "latchkey_browser",
            (Kind::Known, true) => "__Host-latchkey_browser",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn a_cookie_comes_back_as_its_hash() {
        let token = Token::new(&SystemRandom);
        let cookies = Cookies { secure: true };
        let set = cookies.set(Kind::Session, &token);
        let text = set.to_str().unwrap();
        assert!(text.starts_with("__Host-latchkey_session="));
        assert!(text.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"));
        let mut headers = HeaderMap::new();
        let pair = text.split(';').next().unwrap();
        headers.insert(COOKIE, format!("other=1; {pair}").parse().unwrap());
        assert_eq!(cookies.read(&headers, Kind::Session), Some(token.hash()));
        assert_eq!(cookies.read(&headers, Kind::Window), None);
        let mut tossed = headers.clone();
        tossed.append(COOKIE, "__Host-latchkey_session=another".parse().unwrap());
        assert_eq!(cookies.read(&tossed, Kind::Session), None);
        assert_eq!(Cookies { secure: false }.read(&headers, Kind::Session), None);
    }
}

//! Everything that reads what a stranger sends, one function a parser: for fuzzing (`fuzz/`), and for what fuzzing found.

use std::sync::OnceLock;

use app::wishes;
use axum::body::Body;
use axum::extract::{Form, FromRequest, Query};
use domain::Timestamp;
use domain::device::DeviceId;
use domain::passkey::PasskeyId;
use http::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue};
use http::{Request, Uri};
use serde::de::DeserializeOwned;
use uuid::Uuid;
use webauthn_rs::prelude::{PasskeyRegistration, Url, Webauthn, WebauthnBuilder};

use crate::config::Oidc;
use crate::fleet::nanomdm::{event::Event, plists};
use crate::random::SystemRandom;
use crate::signin::cookies::{Cookies, KINDS, Token};
use crate::signin::oidc::provider::Metadata;
use crate::signin::oidc::{claims, logout, question::Question, routes as oidc};
use crate::signin::{passkeys, routes};

/// What reads, and under which name.
pub type Parser = (&'static str, fn(&[u8]));

pub const PARSERS: [Parser; 7] = [
    ("callback", callback),
    ("cookie", cookie),
    ("event", event),
    ("form", form),
    ("locale", locale),
    ("logout_token", logout_token),
    ("passkey", passkey),
];

const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// How a provider sends the browser back.
fn callback(bytes: &[u8]) {
    let Ok(query) = str::from_utf8(bytes) else { return };
    let Ok(uri) = format!("/oidc/work/callback?{query}").parse::<Uri>() else { return };
    let Ok(Query(returned)) = Query::<oidc::ProviderReturn>::try_from_uri(&uri) else { return };
    let _ = Question::asked(asking(), "work", returned.state.as_deref().unwrap_or(query), NOW);
}

fn cookie(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, value);
    for secure in [false, true] {
        for kind in KINDS {
            let _ = Cookies { secure }.read(&headers, kind);
        }
    }
}

/// What NanoMDM tells, and the property list inside.
fn event(bytes: &[u8]) {
    let _ = Event::read(bytes);
    let _ = plists::read(bytes);
}

/// Whatever may be posted before signing in, and the ids that stand in forms and addresses.
fn form(bytes: &[u8]) {
    posted::<routes::Credentials>(bytes);
    posted::<routes::ToProve>(bytes);
    posted::<oidc::LogoutForm>(bytes);
    posted::<passkeys::Answer>(bytes);
    let Ok(text) = str::from_utf8(bytes) else { return };
    let _ = text.parse::<DeviceId>();
    let _ = text.parse::<PasskeyId>();
    let _ = domain::recovery::hash(text);
}

fn locale(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (cookies, asked) = text.split_once('\n').unwrap_or((text, text));
    let _ = wishes::language(Some(cookies), Some(asked));
}

/// As a whole, and what is inside of one that is signed.
fn logout_token(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (settings, metadata) = provider();
    let _ = logout::read(settings, metadata, text, NOW);
    if let Some(claims) = claims::Claims::of_json(bytes).or_else(|| claims::Claims::of_token(text)) {
        let _ = logout::order(&claims, &settings.issuer, NOW);
        let _ = claims.proof(&["mfa".to_owned()]);
        let _ = claims.profile(settings);
    }
}

/// A ticket, and what is said to be a passkey's answer.
fn passkey(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let _ = passkeys::sealed(text);
    let (webauthn, state) = asked();
    if let Ok(answer) = serde_json::from_str(text) {
        let _ = webauthn.finish_passkey_registration(&answer, state);
    }
    if let Ok(answer) = serde_json::from_str(text) {
        let _ = webauthn.identify_discoverable_authentication(&answer);
    }
}

fn asked() -> &'static (Webauthn, PasskeyRegistration) {
    static ASKED: OnceLock<(Webauthn, PasskeyRegistration)> = OnceLock::new();
    ASKED.get_or_init(|| {
        let asked = || {
            let origin = Url::parse("http://localhost").ok()?;
            let webauthn =
                WebauthnBuilder::new("localhost", &origin).and_then(WebauthnBuilder::build).ok()?;
            let (_, state) = webauthn.start_passkey_registration(Uuid::nil(), "ana", "Ana", None).ok()?;
            Some((webauthn, state))
        };
        asked().unwrap_or_else(|| unreachable!("localhost is a name"))
    })
}

fn provider() -> &'static (Oidc, Metadata) {
    static PROVIDER: OnceLock<(Oidc, Metadata)> = OnceLock::new();
    PROVIDER.get_or_init(|| {
        let metadata = serde_json::json!({
            "issuer": "https://id.example.com", "authorization_endpoint": "https://id.example.com/a",
            "jwks_uri": "https://id.example.com/k", "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"],
        });
        let keys = serde_json::json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "kid": "1",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }]});
        let metadata = serde_json::from_value::<Metadata>(metadata);
        let (Ok(metadata), Ok(keys)) = (metadata, serde_json::from_value(keys)) else { unreachable!("both are whole") };
        (Oidc { issuer: "https://id.example.com".to_owned(), ..Oidc::default() }, metadata.set_jwks(keys))
    })
}

fn posted<T: DeserializeOwned + Send>(bytes: &[u8]) {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_current_thread().build().unwrap_or_else(|error| unreachable!("{error}"))
    });
    let request = Request::post("/").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let Ok(request) = request.body(Body::from(bytes.to_vec())) else { return };
    let _ = runtime.block_on(Form::<T>::from_request(request, &()));
}

fn asking() -> &'static Token {
    static ASKING: OnceLock<Token> = OnceLock::new();
    ASKING.get_or_init(|| Token::new(&SystemRandom))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Whatever fuzzing has come upon is read again on each change, and no parser falls over it.
    #[test]
    fn what_fuzzing_found_is_read() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
        for (name, read) in PARSERS {
            let files = std::fs::read_dir(corpus.join(name)).unwrap();
            let mut count = 0;
            for file in files {
                read(&std::fs::read(file.unwrap().path()).unwrap());
                count += 1;
            }
            assert!(count > 0, "there is nothing for {name}");
        }
    }
}

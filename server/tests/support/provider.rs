//! An identity provider that says whatever a test wants it to say.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Form, Json, Router, routing};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::program::{Secrets, Settings};

const CLIENT: &str = "latchkey at/test";
const SECRET: &str = "a client's secret: 100% odd/ones+";

/// A real server on loopback. It never asks anybody anything: a test says who signed in, and what is told of it.
pub struct Provider {
    pub url: String,
    inner: Arc<Inner>,
}

struct Inner {
    url: String,
    /// All keys it ever had, newest last. The older ones are not published.
    keys: Mutex<Vec<Key>>,
    /// What each code stands for.
    codes: Mutex<HashMap<String, Token>>,
    /// What its user info says besides the subject.
    about: Mutex<Value>,
    /// What it says of itself, changed.
    metadata: Mutex<Value>,
    /// Requests that were pushed.
    pushed: Mutex<HashMap<String, BTreeMap<String, String>>>,
    down: Mutex<bool>,
}

struct Token {
    signed: String,
    challenge: String,
    redirect: String,
    subject: String,
}

struct Key {
    id: String,
    pkcs8: Vec<u8>,
    x: String,
    y: String,
}

/// How a token is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    Rightly,
    Not,
    /// With what both sides know.
    WithSecret,
    /// With a key of somebody else, under the name of the provider's.
    WithAnotherKey,
}

/// What a browser was sent there with.
pub struct Asked(pub BTreeMap<String, String>);

impl Asked {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl Provider {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner {
            url: url.clone(),
            keys: Mutex::new(vec![Key::new()]),
            codes: Mutex::default(),
            about: Mutex::new(json!({})),
            metadata: Mutex::new(json!({})),
            pushed: Mutex::default(),
            down: Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", routing::get(metadata))
            .route("/keys", routing::get(keys))
            .route("/token", routing::post(token))
            .route("/about", routing::get(about))
            .route("/push", routing::post(push))
            .with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inner }
    }

    /// As an operator sets it up under this id.
    pub fn settings(&self, id: &str) -> Settings {
        let key = |key: &str| -> &'static str { format!("oidc.{id}.{key}").leak() };
        vec![
            (key("issuer"), self.url.clone().leak()),
            (key("client_id"), CLIENT),
            (key("client_secret"), SECRET),
            (key("name"), "Example ID"),
        ]
    }

    pub fn keep_secrets(secrets: &Secrets) {
        secrets.lock().unwrap().insert(SECRET.to_owned());
    }

    /// Also when it was pushed.
    pub fn asked(&self, address: &str) -> Asked {
        let query =
            address.strip_prefix(&format!("{}/authorize?", self.url)).unwrap_or_else(|| panic!("{address}"));
        let asked: BTreeMap<String, String> = pairs(query);
        match asked.get("request_uri") {
            None => Asked(asked),
            Some(uri) => Asked(self.inner.pushed.lock().unwrap().remove(uri).unwrap()),
        }
    }

    /// What an honest provider tells of somebody who has just typed their password.
    pub fn honest(&self, asked: &Asked, subject: &str) -> Value {
        let now = now();
        json!({
            "iss": self.url, "aud": CLIENT, "sub": subject, "iat": now, "exp": now + 300, "auth_time": now,
            "nonce": asked.get("nonce"), "email": "ana@example.com", "name": "Ana Marić",
        })
    }

    /// Sends the browser back with a code for these claims: the address, without the portal's own.
    pub fn answer(&self, asked: &Asked, claims: &Value) -> String {
        self.answer_signed(asked, claims, Signed::Rightly)
    }

    pub fn answer_signed(&self, asked: &Asked, claims: &Value, signed: Signed) -> String {
        let code = random();
        let token = Token {
            signed: self.sign(claims, signed, "JWT"),
            challenge: asked.get("code_challenge").unwrap_or_default().to_owned(),
            redirect: asked.get("redirect_uri").unwrap().to_owned(),
            subject: claims["sub"].as_str().unwrap_or_default().to_owned(),
        };
        self.inner.codes.lock().unwrap().insert(code.clone(), token);
        Self::back(asked, &[("code", &code), ("iss", &self.url)])
    }

    /// Where it sends the browser back to, with this in the query.
    pub fn back(asked: &Asked, told: &[(&str, &str)]) -> String {
        let (_, path) = asked.get("redirect_uri").unwrap().split_at("http://".len());
        let path = &path[path.find('/').unwrap()..];
        let state = asked.get("state").unwrap();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("state", state).extend_pairs(told);
        format!("{path}?{}", query.finish())
    }

    /// An order to sign somebody out.
    pub fn logout_token(&self, change: impl FnOnce(&mut Value), signed: Signed) -> String {
        let now = now();
        let mut claims = json!({
            "iss": self.url, "aud": CLIENT, "sub": "1", "iat": now, "exp": now + 120, "jti": random(),
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        change(&mut claims);
        self.sign(&claims, signed, "logout+jwt")
    }

    /// From now on it signs with another key.
    pub fn rotate_keys(&self) {
        self.inner.keys.lock().unwrap().push(Key::new());
    }

    pub fn says_of_itself(&self, metadata: Value) {
        *self.inner.metadata.lock().unwrap() = metadata;
    }

    pub fn says_of_people(&self, about: Value) {
        *self.inner.about.lock().unwrap() = about;
    }

    pub fn is_down(&self, down: bool) {
        *self.inner.down.lock().unwrap() = down;
    }

    fn sign(&self, claims: &Value, signed: Signed, kind: &str) -> String {
        let keys = self.inner.keys.lock().unwrap();
        let newest = keys.last().unwrap();
        let header = |algorithm| Header {
            kid: Some(newest.id.clone()),
            typ: Some(kind.to_owned()),
            ..Header::new(algorithm)
        };
        match signed {
            Signed::Rightly => newest.sign(&header(Algorithm::ES256), claims),
            Signed::WithAnotherKey => Key::new().sign(&header(Algorithm::ES256), claims),
            Signed::WithSecret => {
                let key = EncodingKey::from_secret(SECRET.as_bytes());
                encode(&header(Algorithm::HS256), claims, &key).unwrap()
            }
            Signed::Not => {
                let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
                format!("{}.{}.", part(&json!({ "alg": "none", "typ": kind })), part(claims))
            }
        }
    }
}

impl Key {
    fn new() -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        let point = pair.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(|part| URL_SAFE_NO_PAD.encode(part));
        Self { id: random(), pkcs8: pkcs8.as_ref().to_vec(), x, y }
    }

    fn sign(&self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &EncodingKey::from_ec_der(&self.pkcs8)).unwrap()
    }
}

async fn metadata(State(inner): State<Arc<Inner>>) -> Response {
    if *inner.down.lock().unwrap() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let at = |path: &str| format!("{}{path}", inner.url);
    let mut told = json!({
        "issuer": inner.url,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/about"),
        "jwks_uri": at("/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "authorization_response_iss_parameter_supported": true,
    });
    for (name, value) in inner.metadata.lock().unwrap().as_object().unwrap() {
        told[name] = value.clone();
    }
    Json(told).into_response()
}

async fn keys(State(inner): State<Arc<Inner>>) -> Response {
    let keys = inner.keys.lock().unwrap();
    let Key { id, x, y, .. } = keys.last().unwrap();
    let key = json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id, "x": x, "y": y });
    Json(json!({ "keys": [key] })).into_response()
}

type Fields = Form<BTreeMap<String, String>>;

async fn token(State(inner): State<Arc<Inner>>, headers: HeaderMap, Form(fields): Fields) -> Response {
    let refused = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    if !is_client(&headers) {
        return refused("invalid_client");
    }
    let Some(token) = inner.codes.lock().unwrap().remove(&fields["code"]) else {
        return refused("invalid_grant");
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&fields["code_verifier"]));
    if challenge != token.challenge || fields["redirect_uri"] != token.redirect {
        return refused("invalid_grant");
    }
    Json(json!({
        "access_token": token.subject, "token_type": "Bearer", "expires_in": 60, "id_token": token.signed,
    }))
    .into_response()
}

async fn about(State(inner): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    let bearer = headers["authorization"].to_str().unwrap();
    let mut told = inner.about.lock().unwrap().clone();
    if told.get("sub").is_none() {
        told["sub"] = bearer.strip_prefix("Bearer ").unwrap().into();
    }
    Json(told).into_response()
}

async fn push(State(inner): State<Arc<Inner>>, headers: HeaderMap, Form(fields): Fields) -> Response {
    if !is_client(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let uri = format!("urn:example:{}", random());
    inner.pushed.lock().unwrap().insert(uri.clone(), fields);
    (StatusCode::CREATED, Json(json!({ "request_uri": uri, "expires_in": 60 }))).into_response()
}

/// RFC 6749: both are encoded before they are put together.
fn is_client(headers: &HeaderMap) -> bool {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let expected = STANDARD.encode(format!("{}:{}", encoded(CLIENT), encoded(SECRET)));
    headers.get("authorization").is_some_and(|value| value == format!("Basic {expected}").as_str())
}

fn pairs(query: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn random() -> String {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Seconds, by the clock of the machine.
#[allow(clippy::disallowed_methods, reason = "another party has a clock of its own")]
pub fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

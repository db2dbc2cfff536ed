//! An identity provider says that somebody signed out there (OpenID Connect Back-Channel Logout).

use domain::account::{SignOutOrder, TokenHash};
use domain::{Refusal, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::claims::Claims;
use super::provider::{Metadata, Provider};
use crate::config::Oidc;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How old the order may be, clocks that differ included.
const ORDER_SECONDS: i64 = 300;
/// As in [`super::answer`]: with a key that only the provider has.
const ALGORITHMS: [Algorithm; 8] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
];

pub async fn verified(provider: &Provider, token: &str, now: Timestamp) -> Result<SignOutOrder, Refusal> {
    let metadata = provider.metadata().await?;
    let settings = &provider.settings;
    let read = match read(settings, &metadata, token, now) {
        Err(Why::UnknownKey) => match provider.with_newer_keys(&metadata).await {
            Some(newer) => self::read(settings, &newer, token, now),
            None => Err(Why::UnknownKey),
        },
        read => read,
    };
    read.map_err(|why| {
        tracing::warn!(
            provider = provider.settings.id,
            why = why.to_string(),
            "an order to sign somebody out was not believed"
        );
        Refusal::ProviderNotBelieved
    })
}

#[derive(Debug, thiserror::Error)]
pub enum Why {
    #[error("it is signed with an unknown key")]
    UnknownKey,
    #[error("{0}")]
    Token(#[from] jsonwebtoken::errors::Error),
    #[error("{0}")]
    Claims(&'static str),
}

pub fn read(settings: &Oidc, metadata: &Metadata, token: &str, now: Timestamp) -> Result<SignOutOrder, Why> {
    let header = decode_header(token)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Why::Claims("its algorithm is none that only the provider can use"));
    }
    if header
        .typ
        .as_ref()
        .is_some_and(|kind| !["logout+jwt", "JWT"].iter().any(|one| kind.eq_ignore_ascii_case(one)))
    {
        return Err(Why::Claims("it is a token for something else"));
    }
    let keys = serde_json::to_value(metadata.jwks()).and_then(serde_json::from_value::<JwkSet>);
    let keys = keys.map_err(|_| Why::UnknownKey)?;
    let key = match &header.kid {
        Some(kid) => keys.find(kid),
        None if keys.keys.len() == 1 => keys.keys.first(),
        None => None,
    };
    let key = DecodingKey::from_jwk(key.ok_or(Why::UnknownKey)?)?;
    let mut rules = Validation::new(header.alg);
    rules.set_issuer(&[&settings.issuer]);
    rules.set_audience(&[&settings.client_id]);
    rules.set_required_spec_claims(&["iss", "aud"]);
    // By our clock, below.
    rules.validate_exp = false;
    let claims = Claims::from(decode::<Map<String, Value>>(token, &key, &rules)?.claims);
    order(&claims, &settings.issuer, now)
}

/// What makes an order of a token, beyond whose it is.
pub fn order(claims: &Claims, issuer: &str, now: Timestamp) -> Result<SignOutOrder, Why> {
    let event = claims.get("events").and_then(|events| events.get(EVENT));
    if !event.is_some_and(Value::is_object) {
        return Err(Why::Claims("it is no order to sign out"));
    }
    if claims.has("nonce") {
        return Err(Why::Claims("it has a nonce, so it is a token of a sign-in"));
    }
    let time = |name| {
        claims.get(name).and_then(Value::as_i64).map(|seconds| Timestamp(seconds.saturating_mul(1000)))
    };
    let made = time("iat").ok_or(Why::Claims("it does not say when it was made"))?;
    if !(-ORDER_SECONDS..=ORDER_SECONDS).contains(&now.seconds_since(made)) {
        return Err(Why::Claims("it is not of now"));
    }
    if claims.has("exp") && time("exp").is_none_or(|end| end <= now) {
        return Err(Why::Claims("it has expired"));
    }
    let [subject, session] = ["sub", "sid"].map(|name| claims.text(name).map(str::to_owned));
    if subject.is_none() && session.is_none() {
        return Err(Why::Claims("it does not say whom"));
    }
    let id = claims.text("jti").ok_or(Why::Claims("it has no id"))?;
    let id = TokenHash(Sha256::digest(format!("logout {issuer} {id}")).into());
    Ok(SignOutOrder { id, issuer: issuer.to_owned(), subject, session })
}

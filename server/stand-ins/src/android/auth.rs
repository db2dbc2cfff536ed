//! A service account: its self-signed JWT as the bearer, or the same kind of JWT traded for an access token.

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::http::{Answer, Request};
use crate::keys::{self, KEY_ID, SERVICE_ACCOUNT};
use crate::world::World;

const SCOPE: &str = "https://www.googleapis.com/auth/androidmanagement";
const GOOGLE: &str = "https://androidmanagement.googleapis.com/";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Google takes no JWT that lives for longer, in seconds.
const LONGEST: i64 = 3600;
/// Clocks may differ by so much, in seconds.
const SKEW: i64 = 60;

pub(super) fn is_ours(world: &World, request: &Request) -> bool {
    let Some(bearer) = request.bearer() else { return false };
    if world.credentials_wrong {
        return false;
    }
    world.knows_token(bearer) || claims(world, bearer).is_some_and(|claims| is_for_the_api(world, &claims))
}

/// It has to name the account as its subject too. Either the scope or the service's own address as the audience says what it is good for.
fn is_for_the_api(world: &World, claims: &Value) -> bool {
    if claims["sub"].as_str() != Some(SERVICE_ACCOUNT) {
        return false;
    }
    let own = format!("{}/", world.url);
    match claims["aud"].as_str() {
        Some(audience) => audience == GOOGLE || audience == own || audience == world.url,
        None => has_scope(claims),
    }
}

fn has_scope(claims: &Value) -> bool {
    claims["scope"].as_str().is_some_and(|scopes| scopes.split(' ').any(|scope| scope == SCOPE))
}

/// The claims of a JWT that our key signed for our account and that is valid now.
fn claims(world: &World, jwt: &str) -> Option<Value> {
    let (claims, header) = keys::verified(jwt, &[Algorithm::RS256])?;
    let now = world.now() / 1000;
    let (iat, exp) = (claims["iat"].as_i64()?, claims["exp"].as_i64()?);
    let in_time = iat <= now + SKEW && now < exp && exp - iat <= LONGEST;
    let named = header.kid.as_deref() == Some(KEY_ID) && claims["iss"].as_str() == Some(SERVICE_ACCOUNT);
    (in_time && named).then_some(claims)
}

pub(super) fn token(world: &mut World, request: &Request) -> Answer {
    let form = request.form();
    let here = format!("{}/token", world.url);
    let claims = form.get("assertion").and_then(|jwt| claims(world, jwt));
    let good =
        claims.is_some_and(|claims| claims["aud"].as_str() == Some(here.as_str()) && has_scope(&claims));
    if form.get("grant_type").map(String::as_str) != Some(GRANT) || !good || world.credentials_wrong {
        let body = json!({ "error": "invalid_grant", "error_description": "Invalid JWT Signature." });
        return Answer::json(400, &body);
    }
    let token = world.issue_token(LONGEST - 1);
    Answer::json(200, &json!({ "access_token": token, "expires_in": LONGEST - 1, "token_type": "Bearer" }))
}

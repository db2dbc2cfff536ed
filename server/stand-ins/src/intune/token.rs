//! The login: client credentials by a secret or by an assertion that a certificate signed.

use std::collections::BTreeMap;

use jsonwebtoken::Algorithm;
use serde_json::json;

use crate::http::{Answer, Request};
use crate::keys;
use crate::time::rfc3339;
use crate::world::World;

const EXPIRES_IN: i64 = 3599;
const BY_JWT: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub(super) fn answer(world: &mut World, request: &Request, tenant: &str) -> Answer {
    if let Err(refusal) = check(world, &request.form(), tenant) {
        return refused(world, refusal);
    }
    let token = world.issue_token(EXPIRES_IN);
    let body = json!({
        "token_type": "Bearer",
        "expires_in": EXPIRES_IN,
        "ext_expires_in": EXPIRES_IN,
        "access_token": token,
    });
    Answer::json(200, &body).with("cache-control", "no-store, no-cache")
}

struct Refusal {
    status: u16,
    error: &'static str,
    code: u32,
    text: &'static str,
}

const fn refusal(status: u16, error: &'static str, code: u32, text: &'static str) -> Refusal {
    Refusal { status, error, code, text }
}

fn check(world: &World, form: &BTreeMap<String, String>, tenant: &str) -> Result<(), Refusal> {
    let known = &world.credentials;
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    if tenant != known.tenant {
        return Err(refusal(400, "invalid_request", 90002, "Tenant not found."));
    }
    if field("grant_type") != "client_credentials" {
        return Err(refusal(400, "unsupported_grant_type", 70003, "The grant type is not supported."));
    }
    if field("client_id") != known.client_id {
        return Err(refusal(
            400,
            "unauthorized_client",
            700_016,
            "Application was not found in the directory.",
        ));
    }
    let named = field("scope").strip_suffix("/.default").unwrap_or_default().to_owned();
    if named != world.url && !world.other_urls.contains(&named) {
        return Err(refusal(400, "invalid_scope", 1_002_012, "The provided value for scope is not valid."));
    }
    if world.credentials_wrong {
        return Err(refusal(401, "invalid_client", 7_000_215, "Invalid client secret provided."));
    }
    if form.contains_key("client_assertion") || form.contains_key("client_assertion_type") {
        let good = field("client_assertion_type") == BY_JWT && assertion(world, field("client_assertion"));
        return good.then_some(()).ok_or(refusal(
            401,
            "invalid_client",
            700_027,
            "The assertion is not valid.",
        ));
    }
    match form.get("client_secret") {
        Some(secret) if *secret == known.secret => Ok(()),
        Some(_) => Err(refusal(401, "invalid_client", 7_000_215, "Invalid client secret provided.")),
        None => {
            Err(refusal(401, "invalid_client", 7_000_218, "client_assertion or client_secret is missing."))
        }
    }
}

/// Microsoft's certificate credentials: signed by our key, naming our certificate, for this very endpoint.
fn assertion(world: &World, jwt: &str) -> bool {
    let Some((claims, _)) = keys::verified(jwt, &[Algorithm::RS256, Algorithm::PS256]) else { return false };
    let Some(header) = keys::raw_header(jwt) else { return false };
    let client = Some(world.credentials.client_id.as_str());
    let audience = format!("{}/{}/oauth2/v2.0/token", world.url, world.credentials.tenant);
    let now = world.now() / 1000;
    let names_certificate = match (header["x5t#S256"].as_str(), header["x5t"].as_str()) {
        (Some(x5t), _) => x5t == keys::x5t_s256(),
        (None, x5t) => x5t == Some(keys::X5T),
    };
    names_certificate
        && claims["iss"].as_str() == client
        && claims["sub"].as_str() == client
        && claims["aud"].as_str() == Some(audience.as_str())
        && claims["jti"].is_string()
        && claims["exp"].as_i64().is_some_and(|exp| exp > now)
        && claims["nbf"].as_i64().is_none_or(|nbf| nbf <= now + 300)
}

fn refused(world: &mut World, refusal: Refusal) -> Answer {
    let Refusal { status, error, code, text } = refusal;
    let (trace, correlation) = (world.uuid(), world.uuid());
    let timestamp = rfc3339(world.now() / 1000 * 1000).replace('T', " ");
    let body = json!({
        "error": error,
        "error_description":
            format!("AADSTS{code}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}"),
        "error_codes": [code],
        "timestamp": timestamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
    });
    Answer::json(status, &body)
}

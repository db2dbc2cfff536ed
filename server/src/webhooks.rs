//! Where MDMs tell what happened, of their own accord. No cookie is read here: each message proves by itself whose it is.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use domain::Refusal;
use domain::device::FleetId;
use domain::fleet::{Message, NotHeard};
use http::StatusCode;
use tokio::time::timeout;

use crate::host::Host;
use crate::metrics;
use crate::refused::Refused;

/// Of NanoMDM, which lets nobody name another.
const SIGNATURE: &str = "x-hmac-signature";

pub fn routes(host: Host) -> Router {
    Router::new().route("/webhooks/{fleet}", routing::post(hear)).with_state(host)
}

async fn hear(State(host): State<Host>, Path(fleet): Path<String>, request: Request) -> Response {
    let signature = request.headers().get(SIGNATURE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let Ok(fleet) = FleetId::parse(&fleet) else { return Refused(Refusal::NotFound).into_response() };
    let at_most = host.limits.webhook_bytes as usize;
    let deadline = Duration::from_secs(host.limits.body_seconds.into());
    let body = match timeout(deadline, to_bytes(request.into_body(), at_most)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return Refused(Refusal::TooLarge).into_response(),
        Err(_) => return Refused(Refusal::TooSlow).into_response(),
    };
    let message = Message { body: &body, signature: signature.as_deref() };
    match host.portal.hear(&fleet, &message).await {
        Ok(states) => {
            states.into_iter().for_each(metrics::reset_ended);
            StatusCode::OK.into_response()
        }
        Err(error) => refuse(&fleet, &error),
    }
}

/// Short, for whoever reads an MDM's log.
fn refuse(fleet: &FleetId, error: &NotHeard) -> Response {
    let (status, words) = match error {
        NotHeard::NotExpected => (StatusCode::NOT_FOUND, "No MDM of this portal tells its events here.\n"),
        NotHeard::NotAuthentic => {
            (StatusCode::UNAUTHORIZED, "The signature is not made with this portal's webhook_secret.\n")
        }
        NotHeard::Unreadable(_) => (StatusCode::BAD_REQUEST, "The event cannot be read.\n"),
        NotHeard::NotKept(_) => (StatusCode::SERVICE_UNAVAILABLE, "The event could not be kept.\n"),
    };
    if let NotHeard::NotKept(_) = error {
        tracing::error!(%fleet, %error, "an MDM's event is lost");
    } else {
        tracing::info!(%fleet, %error, "an MDM's event is refused");
    }
    (status, words).into_response()
}

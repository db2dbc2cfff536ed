use app::visitor::Visitor;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use domain::Refusal;
use http::Method;

use super::cookies::Kind;
use crate::host::Host;
use crate::refused::Refused;

/// Finds out who is asking, once, before anything else runs.
pub async fn recognise(State(host): State<Host>, mut request: Request, next: Next) -> Response {
    let browser = host.cookies.read(request.headers(), Kind::Window);
    let actor = match host.cookies.read(request.headers(), Kind::Session) {
        None => None,
        Some(token) => match host.portal.actor(&token).await {
            Ok(actor) => actor,
            Err(error) => {
                tracing::error!(%error, "who is asking could not be read");
                return Refused(Refusal::Unavailable).into_response();
            }
        },
    };
    if actor.is_none() && request.method() == Method::GET && is_protected(request.uri().path()) {
        return Redirect::to("/sign-in").into_response();
    }
    let passkeys = host.passkeys.here(host.origins.asked(request.headers()));
    request.extensions_mut().insert(Visitor { actor, browser, passkeys, ..Visitor::default() });
    next.run(request).await
}

fn is_protected(path: &str) -> bool {
    ["/devices", "/notifications", "/account"]
        .iter()
        .any(|start| path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

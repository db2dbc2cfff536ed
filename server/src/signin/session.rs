use app::visitor::Visitor;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use domain::Refusal;
use http::{HeaderMap, Method};

use super::cookies::Kind;
use crate::host::Host;
use crate::refused::Refused;

/// Finds out who is asking, once, before anything else runs.
pub async fn recognise(State(host): State<Host>, mut request: Request, next: Next) -> Response {
    let visitor = match visitor(&host, request.headers()).await {
        Ok(visitor) => visitor,
        Err(refused) => return refused.into_response(),
    };
    if visitor.actor.is_none() && request.method() == Method::GET && is_protected(request.uri().path()) {
        return Redirect::to("/sign-in").into_response();
    }
    request.extensions_mut().insert(visitor);
    next.run(request).await
}

pub async fn visitor(host: &Host, headers: &HeaderMap) -> Result<Visitor, Refused> {
    let browser = host.cookies.read(headers, Kind::Window);
    let actor = match host.cookies.read(headers, Kind::Session) {
        None => None,
        Some(token) => host.portal.actor(&token).await.map_err(|error| {
            tracing::error!(%error, "who is asking could not be read");
            Refused(Refusal::Unavailable)
        })?,
    };
    let passkeys = host.passkeys.here(host.origins.asked(headers));
    Ok(Visitor { actor, browser, passkeys, ..Visitor::default() })
}

fn is_protected(path: &str) -> bool {
    ["/devices", "/notifications", "/account"]
        .iter()
        .any(|start| path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

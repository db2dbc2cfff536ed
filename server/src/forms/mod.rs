//! Forms without JavaScript. A server function answers with data and an `Err` with a status; a browser that posted a
//! plain form needs a page instead: the next one, or the one it came from with the refusal at its top.

mod language;
mod recovery_codes;
mod reveal;

use std::time::Duration;

use app::api::reveal_passcode::Revealed;
use app::error::AppError;
use app::visitor::{RecoveryCodes, Visitor};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Router, routing};
use domain::Refusal;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, REFERER};
use http::{Extensions, Method, StatusCode, Uri};
use server_fn::error::SERVER_FN_ERROR_HEADER;
use tokio::time::timeout;

use crate::config::Limits;
use crate::host::Host;
use crate::refused::{Refused, mark};
use crate::signin::oidc::routes::is_callback;
use crate::signin::session;

/// A refusal is a few words.
const LONGEST_REFUSAL: usize = 64 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";

/// What no server function takes, because its answer is a page or a cookie.
pub fn routes() -> Router<Host> {
    Router::new()
        .route("/devices/{id}/passcode", routing::post(reveal::reveal))
        .route("/account/recovery-codes", routing::post(recovery_codes::make))
        .route("/language", routing::post(language::language))
}

pub async fn forms(State(host): State<Host>, request: Request, next: Next) -> Response {
    let comes_back = *request.method() == Method::GET && is_callback(request.uri().path());
    if *request.method() != Method::POST && !comes_back {
        return next.run(request).await;
    }
    let mut asker = Asker::of(&host, &request);
    let is_function = request.uri().path().starts_with("/api/");
    let read = if comes_back { Ok(request) } else { read(request, asker.wants_page, &host.limits).await };
    let answered = match read {
        Ok(request) => match again(&host, request, &mut asker).await {
            Ok(request) => refusal_in(next.clone().run(request).await).await,
            Err(refused) => Err((refused.into_response(), refused.0)),
        },
        Err(refusal) => Err((Refused(refusal).into_response(), refusal)),
    };
    match answered {
        Ok(response) => {
            if let Some(revealed) = response.extensions().get::<Revealed>().cloned() {
                asker.show(revealed, next).await
            } else if let Some(codes) = response.extensions().get::<RecoveryCodes>().cloned() {
                asker.show_codes(codes, next).await
            } else if asker.wants_page && is_function {
                asker.lead_on(response)
            } else {
                response
            }
        }
        Err((_, refusal)) if asker.wants_page => asker.explain(refusal, next).await,
        Err((response, _)) => response,
    }
}

/// Whoever holds back the end of a form is asked once more who they are: a session may have ended meanwhile.
async fn again(host: &Host, mut request: Request, asker: &mut Asker) -> Result<Request, Refused> {
    let visitor = session::visitor(host, request.headers()).await?;
    asker.extensions.insert(visitor.clone());
    request.extensions_mut().insert(visitor);
    Ok(request)
}

/// Who posted, kept for the page that answers them.
struct Asker {
    wants_page: bool,
    /// The page the form stands on, when it is one of ours.
    came_from: Option<Uri>,
    posted_to: Uri,
    headers: HeaderMap,
    extensions: Extensions,
}

impl Asker {
    fn of(host: &Host, request: &Request) -> Self {
        let headers = request.headers().clone();
        Self {
            wants_page: text(&headers, &ACCEPT).is_some_and(|accept| accept.contains("text/html")),
            came_from: text(&headers, &REFERER).and_then(|referer| host.origins.own_page(referer)),
            posted_to: request.uri().clone(),
            headers,
            extensions: request.extensions().clone(),
        }
    }

    /// See Other, so that reloading the next page posts nothing again.
    fn lead_on(&self, mut response: Response) -> Response {
        if !response.headers().contains_key(LOCATION) {
            return self.back().into_response();
        }
        *response.status_mut() = StatusCode::SEE_OTHER;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(CONTENT_TYPE);
        response
    }

    fn back(&self) -> Redirect {
        Redirect::to(self.came_from.as_ref().map_or("/devices", Uri::path))
    }

    async fn explain(mut self, refusal: Refusal, next: Next) -> Response {
        let sign_in = match refusal {
            Refusal::WrongCredentials => Some("/sign-in?refused=credentials"),
            Refusal::FreshSignInNeeded => Some("/sign-in?refused=fresh"),
            Refusal::NotSignedIn => Some("/sign-in?refused=signed-out"),
            _ => None,
        };
        if let Some(address) = sign_in {
            return Redirect::to(address).into_response();
        }
        let visitor = self.extensions.get::<Visitor>().cloned().unwrap_or_default();
        let fallback = match refusal {
            _ if visitor.actor.is_none() => "/sign-in",
            // A page on which nothing changes, so that somebody else's device is answered to the byte like an unknown one.
            Refusal::NotFound => "/not-found",
            _ => "/devices",
        };
        let page = self.came_from.take().unwrap_or(Uri::from_static(fallback));
        let visitor = Visitor { refused: Some(refusal), ..visitor };
        let mut response = self.draw(page, visitor, next).await;
        if !response.status().is_redirection() {
            mark(&mut response, refusal);
        }
        response
    }

    /// The device's page with its temporary passcode, in this one answer.
    async fn show(self, revealed: Revealed, next: Next) -> Response {
        let device = self.posted_to.path().trim_end_matches("/passcode").parse();
        let visitor = self.extensions.get::<Visitor>().cloned().unwrap_or_default();
        let visitor = Visitor { revealed: Some(revealed), ..visitor };
        self.draw(device.unwrap_or_default(), visitor, next).await
    }

    /// The account's page with its new recovery codes, in this one answer.
    async fn show_codes(self, codes: RecoveryCodes, next: Next) -> Response {
        let visitor = self.extensions.get::<Visitor>().cloned().unwrap_or_default();
        let visitor = Visitor { recovery_codes: Some(codes), ..visitor };
        self.draw(Uri::from_static("/account"), visitor, next).await
    }

    /// The page at `uri`, for somebody who posted to another address.
    async fn draw(self, uri: Uri, visitor: Visitor, next: Next) -> Response {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers;
        request.headers_mut().remove(CONTENT_TYPE);
        *request.extensions_mut() = self.extensions;
        request.extensions_mut().insert(visitor);
        next.run(request).await
    }
}

/// Takes the body in, so that an oversized one is refused before anything acts on it.
async fn read(request: Request, plain: bool, limits: &Limits) -> Result<Request, Refusal> {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, usize::try_from(limits.body_bytes).unwrap_or(usize::MAX));
    let at_most = Duration::from_secs(limits.body_seconds.into());
    let body = timeout(at_most, body).await.map_err(|_| Refusal::TooSlow)?.map_err(|_| Refusal::TooLarge)?;
    match text(&parts.headers, &CONTENT_TYPE) {
        Some(kind) if kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(FORM)) => {}
        // A form without fields.
        None if body.is_empty() => {
            parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
        }
        _ => return Err(Refusal::WrongType),
    }
    if plain {
        // Otherwise server_fn answers a plain form itself: with a 302, and the error in the address.
        parts.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// Tells a refusal from an answer, and gives a server function's refusal its status.
async fn refusal_in(response: Response) -> Result<Response, (Response, Refusal)> {
    if let Some(refusal) = response.extensions().get::<Refusal>().copied() {
        return Err((response, refusal));
    }
    if !response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body: Bytes = to_bytes(body, LONGEST_REFUSAL).await.unwrap_or_default();
    let AppError(refusal) = serde_json::from_slice(&body).unwrap_or(AppError(Refusal::Unavailable));
    let mut response = Response::from_parts(parts, Body::from(body));
    mark(&mut response, refusal);
    Err((response, refusal))
}

fn text<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

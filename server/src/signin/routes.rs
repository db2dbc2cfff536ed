//! Signing in and out: plain forms with a full page load, so that nothing of a signed-out person stays in the page.

use app::visitor::Visitor;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::{Extension, Form, Router, routing};
use domain::Refusal;
use domain::account::TokenHash;
use domain::device::DeviceId;
use domain::freshness::Purpose;
use domain::person::Actor;
use domain::ports::Denied;
use domain::sign_in::{Arriving, Landing, SignInAttempt};
use http::header::{HeaderMap, SET_COOKIE, USER_AGENT};
use secrecy::SecretString;
use serde::Deserialize;

use super::cookies::{Kind, Token};
use super::leaving::lead_to;
use crate::host::Host;
use crate::limits::Attempt;
use crate::metrics;
use crate::peer::Peer;
use crate::refused::{Refused, readable};

pub fn routes() -> Router<Host> {
    Router::new()
        .route("/sign-in", routing::post(sign_in))
        .route("/sign-out", routing::post(sign_out))
        .route("/devices/{id}/reset", routing::post(sign_out_to_prove))
}

/// Of whoever adds something that opens their account.
#[derive(Deserialize)]
pub struct CurrentPassword {
    pub current: SecretString,
}

#[derive(Deserialize)]
pub struct Credentials {
    user_name: String,
    password: SecretString,
}

async fn sign_in(
    State(host): State<Host>,
    Extension(visitor): Extension<Visitor>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    form: Result<Form<Credentials>, FormRejection>,
) -> Result<Response, Refused> {
    let credentials = readable(form)?;
    let before = known_before(&host, &headers, &credentials.user_name).await?;
    let counted = host
        .sign_ins
        .begin(&credentials.user_name, before.as_ref(), peer.network, host.portal.now())
        .await
        .inspect_err(metrics::sign_in_denied)?;
    let arrival = Arrival::new(&host);
    let attempt = SignInAttempt {
        user_name: credentials.user_name,
        password: credentials.password,
        arriving: arrival.arriving(&host, &visitor, &headers),
    };
    let landing = match host.portal.sign_in(attempt).await {
        Ok(landing) => landing,
        Err(denied) => {
            metrics::signed_in("failed");
            if !matches!(denied, Denied::Refused(Refusal::WrongCredentials)) {
                counted.forgive().await;
            }
            return Err(denied.into());
        }
    };
    counted.forgive().await;
    Ok(arrival.land(&host, &landing))
}

/// A sign-in without a password that led to no session. It counts, unless it is nobody's fault: whoever sits behind one
/// address with many may not be kept out for a provider or a database that failed.
pub async fn in_vain(host: &Host, counted: Attempt, denied: Denied) -> Refused {
    metrics::signed_in("failed");
    if let Denied::Refused(refusal) = denied {
        match host.portal.note_refused_sign_in(refusal).await {
            Ok(true) => {}
            Ok(false) => counted.forgive().await,
            Err(error) => return error.into(),
        }
    } else {
        counted.forgive().await;
    }
    denied.into()
}

/// The new cookies of a browser that somebody signs in with.
pub struct Arrival {
    session: Token,
    known: Token,
}

impl Arrival {
    pub fn new(host: &Host) -> Self {
        let random = host.portal.random.as_ref();
        Self { session: Token::new(random), known: Token::new(random) }
    }

    pub fn arriving(&self, host: &Host, visitor: &Visitor, headers: &HeaderMap) -> Arriving {
        Arriving {
            token: self.session.hash(),
            browser: visitor.browser.clone(),
            replaces: visitor.actor.as_ref().map(|actor| actor.session),
            known_before: host.cookies.read(headers, Kind::Known),
            known_browser: self.known.hash(),
            agent: agent(headers),
        }
    }

    /// Signed in: to where it leads.
    pub fn land(&self, host: &Host, landing: &Landing) -> Response {
        metrics::signed_in("done");
        let cookies = [
            (SET_COOKIE, host.cookies.set(Kind::Known, &self.known)),
            (SET_COOKIE, host.cookies.set(Kind::Session, &self.session)),
            (SET_COOKIE, host.cookies.clear(Kind::Window)),
        ];
        (AppendHeaders(cookies), Redirect::to(&address(landing))).into_response()
    }
}

/// The browser's token, when somebody signed in with it under this name before.
async fn known_before(
    host: &Host,
    headers: &HeaderMap,
    user_name: &str,
) -> Result<Option<TokenHash>, Refused> {
    let Some(token) = host.cookies.read(headers, Kind::Known) else { return Ok(None) };
    let known = host.portal.store.knows_browser(user_name, &token).await.map_err(Denied::from)?;
    Ok(known.then_some(token))
}

async fn sign_out(
    State(host): State<Host>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let mut next = None;
    if let Some(actor) = visitor.actor {
        let issuer = host.portal.sign_out(&actor).await?;
        let back = format!("{}/sign-in", host.origins.asked(&headers));
        next = issuer.and_then(|issuer| host.providers.of_issuer(&issuer)?.sign_out_address(&back));
    }
    let cookies = [(SET_COOKIE, host.cookies.clear(Kind::Session))];
    let next = next.map_or_else(|| Redirect::to("/sign-in").into_response(), |next| lead_to(&headers, &next));
    Ok((AppendHeaders(cookies), next).into_response())
}

#[derive(Deserialize)]
pub struct ToProve {
    purpose: Option<FormPurpose>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FormPurpose {
    Reset,
    Reveal,
}

/// Step 1 of a reset. The five minutes start here.
async fn sign_out_to_prove(
    State(host): State<Host>,
    Extension(visitor): Extension<Visitor>,
    Path(device): Path<String>,
    form: Result<Form<ToProve>, FormRejection>,
) -> Result<Response, Refused> {
    let form = readable(form)?;
    let actor: Actor = visitor.actor.ok_or(Refused(Refusal::NotSignedIn))?;
    let device: DeviceId = device.parse().map_err(|_| Refused(Refusal::NotFound))?;
    let purpose = match form.purpose {
        Some(FormPurpose::Reveal) => Purpose::Reveal,
        Some(FormPurpose::Reset) | None => Purpose::Reset,
    };
    let browser = Token::new(host.portal.random.as_ref());
    host.portal
        .sign_out_to_prove(&actor, &device, purpose, &browser.hash(), visitor.browser.as_ref())
        .await?;
    let cookies = [
        (SET_COOKIE, host.cookies.clear(Kind::Session)),
        (SET_COOKIE, host.cookies.set(Kind::Window, &browser)),
    ];
    Ok((AppendHeaders(cookies), Redirect::to("/sign-in")).into_response())
}

fn address(landing: &Landing) -> String {
    match landing {
        Landing::Devices => "/devices".to_owned(),
        Landing::Proven(Purpose::Reset, device) => format!("/devices/{device}/reset"),
        Landing::Proven(Purpose::Reveal, device) => format!("/devices/{device}?proven"),
        Landing::Late(purpose, device) => format!("/devices/{device}/reset?{}late", asked(*purpose)),
        Landing::NotFresh(purpose, device) => format!("/devices/{device}/reset?{}not-fresh", asked(*purpose)),
        Landing::TooWeak(purpose, device) => format!("/devices/{device}/reset?{}too-weak", asked(*purpose)),
        Landing::AnotherPerson => "/devices?another".to_owned(),
    }
}

const fn asked(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Reset => "",
        Purpose::Reveal => "purpose=reveal&",
    }
}

/// Shown in the list of sessions; cut, because it is whatever the browser says.
pub fn agent(headers: &HeaderMap) -> String {
    let text = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.chars().take(200).collect()
}

//! To the identity provider and back.

use app::visitor::Visitor;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::{Extension, Form, Router, routing};
use domain::Refusal;
use domain::ports::Denied;
use domain::sign_in::ProviderSignIn;
use http::StatusCode;
use http::header::{HeaderMap, SET_COOKIE};
use serde::Deserialize;

use super::answer::{Answered, Conversation};
use super::logout;
use super::provider::Provider;
use super::question::Question;
use crate::host::Host;
use crate::metrics;
use crate::peer::Peer;
use crate::refused::{Refused, readable};
use crate::signin::cookies::{Kind, Token};
use crate::signin::leaving::lead_to;
use crate::signin::routes::{Arrival, in_vain};

pub fn routes() -> Router<Host> {
    // Otherwise axum answers HEAD by carrying out GET, and the answer would be used up.
    let callback = routing::get(callback).head(|| async { StatusCode::METHOD_NOT_ALLOWED });
    Router::new()
        .route("/oidc/{provider}/sign-in", routing::post(begin))
        .route("/oidc/{provider}/callback", callback)
        .route("/oidc/{provider}/backchannel-logout", routing::post(sign_out))
}

/// Whether a provider calls there itself. It has no cookie and proves itself by its signature.
pub fn is_called_by_provider(path: &str) -> bool {
    path.starts_with("/oidc/") && path.ends_with("/backchannel-logout")
}

/// Whether a browser comes back there, which is a person and wants a page even when it is refused.
pub fn is_callback(path: &str) -> bool {
    path.starts_with("/oidc/") && path.ends_with("/callback")
}

async fn begin(
    State(host): State<Host>,
    Extension(visitor): Extension<Visitor>,
    Path(provider): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let provider = found(&host, &provider)?;
    let metadata = provider.metadata().await.map_err(Refused)?;
    let random = host.portal.random.as_ref();
    let asking = host.cookies.token(&headers, Kind::Asking).unwrap_or_else(|| Token::new(random));
    let question = Question::new(&asking, &provider.settings.id, random, host.portal.now());
    let redirect = redirect(&host, provider, &headers);
    let conversation = Conversation { provider, metadata: &metadata, question: &question, redirect };
    let url = conversation.begin(is_to_prove(&host, &visitor).await?).await.map_err(Refused)?;
    let cookies = [(SET_COOKIE, host.cookies.set(Kind::Asking, &asking))];
    Ok((AppendHeaders(cookies), lead_to(&headers, url.as_str())).into_response())
}

/// Whether the five minutes run in this browser.
async fn is_to_prove(host: &Host, visitor: &Visitor) -> Result<bool, Refused> {
    let Some(browser) = &visitor.browser else { return Ok(false) };
    Ok(host.portal.countdown(browser).await?.is_some())
}

/// As the provider sends the browser back.
#[derive(Deserialize)]
pub struct ProviderReturn {
    pub state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

async fn callback(
    State(host): State<Host>,
    Extension(visitor): Extension<Visitor>,
    Extension(peer): Extension<Peer>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    returned: Result<Query<ProviderReturn>, QueryRejection>,
) -> Result<Response, Refused> {
    let provider = found(&host, &provider)?;
    let returned = returned.ok().and_then(|Query(returned)| {
        let question = asked(&host, provider, &headers, returned.state.as_deref())?;
        Some((question, returned))
    });
    let limits = &host.sign_ins;
    let now = host.portal.now();
    let counted = match returned {
        Some(_) => limits.begin_elsewhere(peer.network, now).await,
        None => limits.begin_unasked(peer.network, now).await,
    };
    let counted = counted.inspect_err(metrics::sign_in_denied)?;
    let signed_in = async || {
        let (question, returned) = returned.ok_or(Refusal::NotBegunHere)?;
        let answered = answered(&host, provider, &headers, &question, returned).await?;
        let Answered { identity, profile, proof, session } = answered;
        let arrival = Arrival::new(&host);
        let arriving = arrival.arriving(&host, &visitor, &headers);
        let told = ProviderSignIn { identity, profile, proof, session, arriving };
        Ok((host.portal.sign_in_by_provider(told).await?, arrival))
    };
    match signed_in().await {
        Err(denied) => Err(in_vain(&host, counted, denied).await),
        Ok((landing, arrival)) => {
            counted.forgive().await;
            let mut response = arrival.land(&host, &landing);
            response.headers_mut().append(SET_COOKIE, host.cookies.clear(Kind::Asking));
            Ok(response)
        }
    }
}

async fn answered(
    host: &Host,
    provider: &Provider,
    headers: &HeaderMap,
    question: &Question,
    returned: ProviderReturn,
) -> Result<Answered, Denied> {
    // Before anything else: a second browser tab, or whoever read the address, comes too late.
    if !host.portal.use_once(&question.id()).await? {
        return Err(Refusal::NotBegunHere.into());
    }
    let metadata = provider.metadata().await?;
    let expects_issuer = metadata.additional_metadata().authorization_response_iss_parameter_supported;
    let is_the_issuer = returned.iss.as_ref().map(|iss| *iss == provider.settings.issuer);
    if !is_the_issuer.unwrap_or(!expects_issuer) {
        tracing::warn!(provider = provider.settings.id, "another issuer's answer came back");
        return Err(Refusal::ProviderNotBelieved.into());
    }
    if let Some(error) = returned.error {
        let error: String = error.chars().filter(char::is_ascii_graphic).take(100).collect();
        tracing::info!(provider = provider.settings.id, error, "an identity provider let somebody not in");
        return Err(Refusal::ProviderDenied.into());
    }
    let code = returned.code.ok_or(Refusal::ProviderNotBelieved)?;
    let redirect = redirect(host, provider, headers);
    let conversation = Conversation { provider, metadata: &metadata, question, redirect };
    Ok(conversation.end(code).await?)
}

fn asked(host: &Host, provider: &Provider, headers: &HeaderMap, state: Option<&str>) -> Option<Question> {
    let asking = host.cookies.token(headers, Kind::Asking)?;
    Question::asked(&asking, &provider.settings.id, state?, host.portal.now())
}

#[derive(Deserialize)]
pub struct LogoutForm {
    logout_token: String,
}

/// Back-channel logout: the provider's own server calls.
async fn sign_out(
    State(host): State<Host>,
    Path(provider): Path<String>,
    form: Result<Form<LogoutForm>, FormRejection>,
) -> Result<Response, Refused> {
    let provider = found(&host, &provider)?;
    let form = readable(form)?;
    let order = logout::verified(provider, &form.logout_token, host.portal.now()).await.map_err(Refused)?;
    host.portal.sign_out_by_provider(&order).await?;
    Ok(StatusCode::OK.into_response())
}

fn found<'a>(host: &'a Host, id: &str) -> Result<&'a Provider, Refused> {
    host.providers.find(id).map(AsRef::as_ref).ok_or(Refused(Refusal::NotFound))
}

fn redirect(host: &Host, provider: &Provider, headers: &HeaderMap) -> String {
    format!("{}/oidc/{}/callback", host.origins.asked(headers), provider.settings.id)
}

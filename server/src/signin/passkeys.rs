//! Passkeys of local accounts (WebAuthn). What is asked goes out sealed and comes back with the answer, so that nobody who
//! only asks makes us keep anything; it opens in the browser that asked, for five minutes, once.

use app::visitor::{PasskeysHere, Visitor};
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::{Extension, Form, Json, Router, routing};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::account::TokenHash;
use domain::passkey::{Passkey, PasskeyId, UsedPasskey};
use domain::person::{Actor, PersonId};
use domain::ports::Sealed;
use domain::sign_in::Landing;
use domain::{Refusal, Timestamp};
use http::header::{HeaderMap, SET_COOKIE};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey as Credential, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder, WebauthnError,
};

use super::cookies::{Kind, Token};
use super::routes::{Arrival, agent};
use crate::host::Host;
use crate::metrics;
use crate::origins::Origins;
use crate::peer::Peer;
use crate::refused::{Refused, readable};

/// As long as the window it may have to prove something for.
const ANSWER_SECONDS: i64 = 300;

pub fn routes() -> Router<Host> {
    Router::new()
        .route("/account/passkeys/begin", routing::post(begin_adding))
        .route("/account/passkeys", routing::post(add))
        .route("/sign-in/passkey/begin", routing::post(begin_signing_in))
        .route("/sign-in/passkey", routing::post(sign_in))
}

/// One for each of our names: a passkey belongs to a name, and a number is none.
pub struct Passkeys(Vec<(String, Webauthn)>);

impl Passkeys {
    pub fn of(origins: &Origins, organisation: &str) -> Result<Self, String> {
        let mut all = Vec::new();
        for origin in origins.iter() {
            let url = Url::parse(origin).map_err(|error| format!("{origin}: {error}"))?;
            let Some(name) = url.domain() else { continue };
            let made =
                WebauthnBuilder::new(name, &url).and_then(|builder| builder.rp_name(organisation).build());
            all.push((origin.to_owned(), made.map_err(|error| format!("passkeys of {origin}: {error}"))?));
        }
        Ok(Self(all))
    }

    /// Under the name that was asked for.
    pub fn here(&self, origin: &str) -> PasskeysHere {
        match self.0.first() {
            _ if self.at(origin).is_some() => PasskeysHere::Possible,
            Some((other, _)) => PasskeysHere::OnlyAt(other.clone()),
            None => PasskeysHere::Impossible,
        }
    }

    fn at(&self, origin: &str) -> Option<&Webauthn> {
        self.0.iter().find(|(own, _)| own == origin).map(|(_, made)| made)
    }
}

/// What was asked, as the browser keeps it for us.
#[derive(Serialize, Deserialize)]
struct Ticket {
    asked_at: Timestamp,
    ceremony: Ceremony,
}

#[derive(Serialize, Deserialize)]
enum Ceremony {
    Add { person: PersonId, state: PasskeyRegistration },
    SignIn { state: DiscoverableAuthentication },
}

/// What the browser asks its authenticator with.
#[derive(Serialize)]
struct Asked<O> {
    options: O,
    ticket: String,
}

#[derive(Deserialize)]
pub struct Answer {
    ticket: String,
    /// What the authenticator said, as JSON.
    answer: String,
}

#[derive(Deserialize)]
struct CurrentPassword {
    current: SecretString,
}

async fn begin_adding(
    State(host): State<Host>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    form: Result<Form<CurrentPassword>, FormRejection>,
) -> Result<Response, Refused> {
    let form = readable(form)?;
    let actor = visitor.actor.ok_or(Refused(Refusal::NotSignedIn))?;
    host.portal.check_password(&actor, &form.current).await?;
    let webauthn = webauthn(&host, &headers)?;
    let person = &actor.person;
    let has = host.portal.passkeys(person.id).await?.into_iter().map(|one| one.id.0).collect();
    let (mut options, state) = webauthn
        .start_passkey_registration(person.id.0, person.account_name(), &person.name, Some(has))
        .map_err(|error| broken(&error))?;
    if let Some(wishes) = &mut options.public_key.authenticator_selection {
        // So that nobody has to type their name to sign in with it.
        wishes.require_resident_key = true;
        wishes.resident_key = serde_json::from_value("required".into()).ok();
    }
    Ok(asked(&host, &headers, options, Ceremony::Add { person: person.id, state }))
}

async fn add(
    State(host): State<Host>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    form: Result<Form<Answer>, FormRejection>,
) -> Result<Response, Refused> {
    let form = readable(form)?;
    let actor = visitor.actor.ok_or(Refused(Refusal::NotSignedIn))?;
    let passkey = added(&host, &actor, &headers, &form).await?;
    host.portal.add_passkey(&actor, &passkey).await?;
    Ok(Redirect::to("/account?passkey").into_response())
}

async fn added(host: &Host, actor: &Actor, headers: &HeaderMap, form: &Answer) -> Result<Passkey, Refused> {
    let webauthn = webauthn(host, headers)?;
    let Ceremony::Add { person, state } = opened(host, headers, &form.ticket).await? else {
        return Err(Refused(Refusal::PasskeyNotBelieved));
    };
    if person != actor.person.id {
        return Err(Refused(Refusal::PasskeyNotBelieved));
    }
    let answer: RegisterPublicKeyCredential = read(&form.answer)?;
    let credential =
        webauthn.finish_passkey_registration(&answer, &state).map_err(|error| not_believed(&error))?;
    Ok(Passkey {
        id: PasskeyId(credential.cred_id().clone()),
        credential: written(&credential)?,
        agent: agent(headers),
        added_at: host.portal.now(),
        used_at: None,
    })
}

async fn begin_signing_in(State(host): State<Host>, headers: HeaderMap) -> Result<Response, Refused> {
    let (options, state) =
        webauthn(&host, &headers)?.start_discoverable_authentication().map_err(|error| broken(&error))?;
    Ok(asked(&host, &headers, options, Ceremony::SignIn { state }))
}

async fn sign_in(
    State(host): State<Host>,
    Extension(visitor): Extension<Visitor>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    form: Result<Form<Answer>, FormRejection>,
) -> Result<Response, Refused> {
    let form = readable(form)?;
    let counted = host
        .sign_ins
        .begin_elsewhere(peer.network, host.portal.now())
        .inspect_err(|_| metrics::signed_in("throttled"))
        .map_err(Refused)?;
    let used = used(&host, &headers, &form).await;
    if let Err(Refused(refusal)) = &used {
        host.portal.note_refused_sign_in(*refusal).await?;
    }
    let (person, passkey) = used.inspect_err(|_| metrics::signed_in("failed"))?;
    let arrival = Arrival::new(&host);
    let arriving = arrival.arriving(&host, &visitor, &headers);
    let landing: Landing = host
        .portal
        .sign_in_by_passkey(person, passkey, arriving)
        .await
        .inspect_err(|_| metrics::signed_in("failed"))?;
    counted.forgive();
    Ok(arrival.land(&host, &landing))
}

async fn used(host: &Host, headers: &HeaderMap, form: &Answer) -> Result<(PersonId, UsedPasskey), Refused> {
    let webauthn = webauthn(host, headers)?;
    let Ceremony::SignIn { state } = opened(host, headers, &form.ticket).await? else {
        return Err(Refused(Refusal::PasskeyNotBelieved));
    };
    let answer: PublicKeyCredential = read(&form.answer)?;
    let (person, id) =
        webauthn.identify_discoverable_authentication(&answer).map_err(|error| not_believed(&error))?;
    let person = PersonId(person);
    let kept = host.portal.passkeys(person).await?.into_iter().find(|one| one.id.0 == id);
    let kept = kept.ok_or(Refused(Refusal::PasskeyNotBelieved))?;
    let mut credential: Credential = serde_json::from_str(&kept.credential).map_err(|error| {
        tracing::error!(%error, "a passkey in the database cannot be read");
        Refused(Refusal::Unavailable)
    })?;
    let result = webauthn
        .finish_discoverable_authentication_v2(&answer, state, &credential)
        .map_err(|error| not_believed(&error))?;
    // Asked for, and verified by the library; it is what the five minutes rest on.
    if !result.user_verified() {
        return Err(Refused(Refusal::PasskeyNotBelieved));
    }
    credential.update_credential(&result);
    Ok((person, UsedPasskey { id: kept.id, credential: written(&credential)? }))
}

fn webauthn<'a>(host: &'a Host, headers: &HeaderMap) -> Result<&'a Webauthn, Refused> {
    host.passkeys.at(host.origins.asked(headers)).ok_or(Refused(Refusal::PasskeyNotBelieved))
}

fn asked(host: &Host, headers: &HeaderMap, options: impl Serialize, ceremony: Ceremony) -> Response {
    let random = host.portal.random.as_ref();
    let asking = host.cookies.token(headers, Kind::Asking).unwrap_or_else(|| Token::new(random));
    let ticket = Ticket { asked_at: host.portal.now(), ceremony };
    let Ok(text) = serde_json::to_string(&ticket) else {
        return Refused(Refusal::Unavailable).into_response();
    };
    let Sealed { key_id, nonce, ciphertext } = host.portal.sealer.seal(browser(&asking), &text.into());
    let [nonce, ciphertext] = [nonce, ciphertext].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
    let cookies = [(SET_COOKIE, host.cookies.set(Kind::Asking, &asking))];
    let asked = Asked { options, ticket: format!("{key_id}.{nonce}.{ciphertext}") };
    (AppendHeaders(cookies), Json(asked)).into_response()
}

/// What was asked in this browser, not long ago and not answered yet.
async fn opened(host: &Host, headers: &HeaderMap, ticket: &str) -> Result<Ceremony, Refused> {
    let refused = Refused(Refusal::PasskeyNotBelieved);
    let asking = host.cookies.token(headers, Kind::Asking).ok_or(refused)?;
    let text = sealed(ticket)
        .and_then(|sealed| host.portal.sealer.open(browser(&asking), &sealed).ok())
        .ok_or(refused)?;
    let Ticket { asked_at, ceremony } = serde_json::from_str(text.expose_secret()).map_err(|_| refused)?;
    if !(0..=ANSWER_SECONDS).contains(&host.portal.now().seconds_since(asked_at)) {
        return Err(refused);
    }
    let once = TokenHash(Sha256::digest(ticket.as_bytes()).into());
    if !host.portal.use_once(&once).await? {
        return Err(refused);
    }
    Ok(ceremony)
}

pub fn sealed(ticket: &str) -> Option<Sealed> {
    let mut parts = ticket.split('.');
    let (key_id, nonce, ciphertext) = (parts.next()?, parts.next()?, parts.next()?);
    let [nonce, ciphertext] = [nonce, ciphertext].map(|part| URL_SAFE_NO_PAD.decode(part).ok());
    parts.next().is_none().then_some(Sealed {
        key_id: key_id.to_owned(),
        nonce: nonce?,
        ciphertext: ciphertext?,
    })
}

/// What a ticket is bound to.
fn browser(asking: &Token) -> Uuid {
    let TokenHash(hash) = asking.hash();
    Uuid::from_slice(&hash[..16]).unwrap_or_default()
}

fn read<T: for<'a> Deserialize<'a>>(answer: &str) -> Result<T, Refused> {
    serde_json::from_str(answer).map_err(|_| Refused(Refusal::PasskeyNotBelieved))
}

fn written(credential: &Credential) -> Result<String, Refused> {
    serde_json::to_string(credential).map_err(|error| {
        tracing::error!(%error, "a passkey cannot be written down");
        Refused(Refusal::Unavailable)
    })
}

fn not_believed(error: &WebauthnError) -> Refused {
    tracing::info!(%error, "a passkey was not believed");
    Refused(Refusal::PasskeyNotBelieved)
}

fn broken(error: &WebauthnError) -> Refused {
    tracing::error!(%error, "a passkey cannot be asked for");
    Refused(Refusal::Unavailable)
}

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
use domain::ports::{Denied, Sealed, Sealer};
use domain::{Refusal, Timestamp};
use http::header::{HeaderMap, SET_COOKIE};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey as Credential, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder, WebauthnError,
};

use super::cookies::{Kind, Token};
use super::routes::{Arrival, CurrentPassword, agent, in_vain};
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

impl Ticket {
    fn sealed(&self, sealer: &dyn Sealer, browser: &Token) -> Result<String, serde_json::Error> {
        let text = serde_json::to_string(self)?.into();
        let Sealed { key_id, nonce, ciphertext } = sealer.seal(&browser.hash().0, &text);
        let [nonce, ciphertext] = [nonce, ciphertext].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        Ok(format!("{key_id}.{nonce}.{ciphertext}"))
    }

    /// What was asked in this browser, and not long ago.
    fn open(sealer: &dyn Sealer, browser: &Token, ticket: &str, now: Timestamp) -> Option<Self> {
        let text = sealer.open(&browser.hash().0, &sealed(ticket)?).ok()?;
        let ticket: Self = serde_json::from_str(text.expose_secret()).ok()?;
        (0..=ANSWER_SECONDS).contains(&now.seconds_since(ticket.asked_at)).then_some(ticket)
    }
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

async fn begin_adding(
    State(host): State<Host>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    form: Result<Form<CurrentPassword>, FormRejection>,
) -> Result<Response, Refused> {
    let form = readable(form)?;
    let actor = visitor.actor.ok_or(Refused(Refusal::NotSignedIn))?;
    host.portal.check_password(&actor, &form.current).await?;
    let webauthn = webauthn(&host, &headers).map_err(Refused)?;
    let person = &actor.person;
    let has = host.portal.passkeys(person.id).await?.into_iter().map(|one| one.id.0).collect();
    let (mut options, state) = webauthn
        .start_passkey_registration(person.id.0, person.account_name(), &person.name, Some(has))
        .map_err(|error| Refused(broken(&error)))?;
    if let Some(wishes) = &mut options.public_key.authenticator_selection {
        // So that nobody has to type their name to sign in with it.
        wishes.require_resident_key = true;
        wishes.resident_key = serde_json::from_value("required".into()).ok();
    }
    ask(&host, &headers, options, Ceremony::Add { person: person.id, state })
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

async fn added(host: &Host, actor: &Actor, headers: &HeaderMap, form: &Answer) -> Result<Passkey, Denied> {
    let webauthn = webauthn(host, headers)?;
    let state = match opened(host, headers, &form.ticket).await?.ceremony {
        Ceremony::Add { person, state } if person == actor.person.id => state,
        _ => return Err(Refusal::PasskeyNotBelieved.into()),
    };
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
    let webauthn = webauthn(&host, &headers).map_err(Refused)?;
    let asked = webauthn.start_discoverable_authentication();
    let (options, state) = asked.map_err(|error| Refused(broken(&error)))?;
    ask(&host, &headers, options, Ceremony::SignIn { state })
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
        .await
        .inspect_err(metrics::sign_in_denied)?;
    let signed_in = async || {
        let Used { person, passkey, asked_at } = used(&host, &headers, &form).await?;
        let arrival = Arrival::new(&host);
        let arriving = arrival.arriving(&host, &visitor, &headers);
        Ok((host.portal.sign_in_by_passkey(person, passkey, asked_at, arriving).await?, arrival))
    };
    match signed_in().await {
        Err(denied) => Err(in_vain(&host, counted, denied).await),
        Ok((landing, arrival)) => {
            counted.forgive().await;
            Ok(arrival.land(&host, &landing))
        }
    }
}

/// Whose passkey it is, and since when they may have been there.
struct Used {
    person: PersonId,
    passkey: UsedPasskey,
    asked_at: Timestamp,
}

async fn used(host: &Host, headers: &HeaderMap, form: &Answer) -> Result<Used, Denied> {
    let webauthn = webauthn(host, headers)?;
    let Ticket { asked_at, ceremony: Ceremony::SignIn { state } } =
        opened(host, headers, &form.ticket).await?
    else {
        return Err(Refusal::PasskeyNotBelieved.into());
    };
    let answer: PublicKeyCredential = read(&form.answer)?;
    let (person, id) =
        webauthn.identify_discoverable_authentication(&answer).map_err(|error| not_believed(&error))?;
    let person = PersonId(person);
    let kept = host.portal.passkeys(person).await?.into_iter().find(|one| one.id.0 == id);
    let kept = kept.ok_or(Refusal::PasskeyNotBelieved)?;
    let mut credential: Credential =
        serde_json::from_str(&kept.credential).map_err(|error| broken(&error))?;
    let result = webauthn
        .finish_discoverable_authentication_v2(&answer, state, &credential)
        .map_err(|error| not_believed(&error))?;
    // Asked for, and verified by the library; it is what the five minutes rest on.
    if !result.user_verified() {
        return Err(Refusal::PasskeyNotBelieved.into());
    }
    credential.update_credential(&result);
    let used = UsedPasskey { id: kept.id, before: kept.credential, credential: written(&credential)? };
    Ok(Used { person, passkey: used, asked_at })
}

fn webauthn<'a>(host: &'a Host, headers: &HeaderMap) -> Result<&'a Webauthn, Refusal> {
    host.passkeys.at(host.origins.asked(headers)).ok_or(Refusal::PasskeyNotBelieved)
}

fn ask(
    host: &Host,
    headers: &HeaderMap,
    options: impl Serialize,
    ceremony: Ceremony,
) -> Result<Response, Refused> {
    let random = host.portal.random.as_ref();
    let browser = host.cookies.token(headers, Kind::Asking).unwrap_or_else(|| Token::new(random));
    let ticket = Ticket { asked_at: host.portal.now(), ceremony };
    let ticket =
        ticket.sealed(host.portal.sealer.as_ref(), &browser).map_err(|error| Refused(broken(&error)))?;
    let cookies = [(SET_COOKIE, host.cookies.set(Kind::Asking, &browser))];
    Ok((AppendHeaders(cookies), Json(Asked { options, ticket })).into_response())
}

/// What was asked in this browser, not long ago and not answered yet.
async fn opened(host: &Host, headers: &HeaderMap, ticket: &str) -> Result<Ticket, Denied> {
    let browser = host.cookies.token(headers, Kind::Asking).ok_or(Refusal::PasskeyNotBelieved)?;
    let opened = Ticket::open(host.portal.sealer.as_ref(), &browser, ticket, host.portal.now());
    let opened = opened.ok_or(Refusal::PasskeyNotBelieved)?;
    let once = TokenHash(Sha256::digest(ticket.as_bytes()).into());
    if !host.portal.use_once(&once).await? {
        return Err(Refusal::PasskeyNotBelieved.into());
    }
    Ok(opened)
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

fn read<T: for<'a> Deserialize<'a>>(answer: &str) -> Result<T, Refusal> {
    serde_json::from_str(answer).map_err(|_| Refusal::PasskeyNotBelieved)
}

fn written(credential: &Credential) -> Result<String, Refusal> {
    serde_json::to_string(credential).map_err(|error| broken(&error))
}

fn not_believed(error: &WebauthnError) -> Refusal {
    tracing::info!(error = error.to_string(), "a passkey was not believed");
    Refusal::PasskeyNotBelieved
}

fn broken(error: &dyn std::error::Error) -> Refusal {
    tracing::error!(error = error.to_string(), "a passkey cannot be asked for, or not be read or written");
    Refusal::Unavailable
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::random::SystemRandom;
    use crate::seal::FileSealer;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn a_ticket_belongs_to_one_browser_and_five_minutes() {
        let folder = tempfile::tempdir().unwrap();
        let sealer = FileSealer::open(&folder.path().join("seal.key"), None, Arc::new(SystemRandom)).unwrap();
        let origin = Url::parse("http://localhost").unwrap();
        let webauthn = WebauthnBuilder::new("localhost", &origin).unwrap().build().unwrap();
        let (_, state) = webauthn.start_discoverable_authentication().unwrap();
        let [browser, other] = [0, 1].map(|_| Token::new(&SystemRandom));
        let ticket = Ticket { asked_at: NOW, ceremony: Ceremony::SignIn { state } };
        let ticket = ticket.sealed(&sealer, &browser).unwrap();
        let opens = |browser, ticket: &str, seconds| {
            matches!(
                Ticket::open(&sealer, browser, ticket, NOW.plus_seconds(seconds)),
                Some(Ticket { asked_at: NOW, ceremony: Ceremony::SignIn { .. } })
            )
        };
        assert!(opens(&browser, &ticket, 0) && opens(&browser, &ticket, 300));
        assert!(!opens(&browser, &ticket, 301) && !opens(&browser, &ticket, -1));
        assert!(!opens(&other, &ticket, 0));
        let changed = format!("{}.{}", ticket, "AAAA");
        for not in ["", "a.b", &ticket[1..], &changed, &ticket.replace('.', "")] {
            assert!(!opens(&browser, not, 0), "{not}");
        }
    }
}

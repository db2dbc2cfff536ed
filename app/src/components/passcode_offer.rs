use domain::Timestamp;
use domain::device::{Device, DeviceId};
use domain::portal::PasscodeOffer;
use leptos::either::EitherOf4;
use leptos::prelude::*;
use leptos_i18n::td_string;

use super::passcode_shown::PasscodeShown;
use super::when::When;
use crate::api::reveal_passcode::Revealed;
use crate::words::language;

const HEADING: &str = "passcode";

/// The temporary passcode: shown, to be shown, to be shown after a fresh sign-in, or gone. In a living page one that is
/// shown stays until it is gone for everybody, whatever else changes.
#[component]
pub fn Passcode(
    device: Device,
    offer: PasscodeOffer,
    shown: Option<Revealed>,
    now: Timestamp,
) -> impl IntoView {
    let l = language();
    let id = device.id.clone();
    let (class, title) = if offer == PasscodeOffer::Gone {
        ("panel", td_string!(l, portal.passcode.gone))
    } else {
        ("panel panel-first", td_string!(l, portal.passcode.title))
    };
    let until = shown.as_ref().map(|revealed| revealed.expires_at.0.to_string());
    let is_shown = shown.is_some();
    let is_offered = !is_shown && offer != PasscodeOffer::Gone;
    let body = match (offer, shown) {
        (PasscodeOffer::Gone, _) => EitherOf4::A(view! { <p>{td_string!(l, portal.passcode.gone_do)}</p> }),
        (_, Some(revealed)) => EitherOf4::B(view! { <PasscodeShown device revealed/> }),
        (PasscodeOffer::Ready { expires_at }, None) => EitherOf4::C(view! { <Ready id expires_at now/> }),
        (PasscodeOffer::NeedsSignIn { expires_at }, None) => {
            EitherOf4::D(view! { <NeedsSignIn id expires_at now/> })
        }
    };
    view! {
        <section
            class=class
            aria-labelledby=HEADING
            data-shown=is_shown
            data-until=until
            data-offered=is_offered
        >
            <h2 id=HEADING>{title}</h2>
            {body}
        </section>
    }
}

#[component]
fn Ready(id: DeviceId, expires_at: Timestamp, now: Timestamp) -> impl IntoView {
    let l = language();
    view! {
        <p>{td_string!(l, portal.passcode.ready)}</p>
        <Kept expires_at now/>
        <form method="post" action=format!("/devices/{id}/passcode") data-here>
            <button class="button button-first" type="submit">{td_string!(l, portal.passcode.show)}</button>
        </form>
    }
}

#[component]
fn NeedsSignIn(id: DeviceId, expires_at: Timestamp, now: Timestamp) -> impl IntoView {
    let l = language();
    view! {
        <p>{td_string!(l, portal.passcode.needs)}</p>
        <Kept expires_at now/>
        <form method="get" action=format!("/devices/{id}/reset")>
            <input type="hidden" name="purpose" value="reveal"/>
            <button class="button button-first" type="submit">{td_string!(l, portal.passcode.show)}</button>
        </form>
    }
}

#[component]
fn Kept(expires_at: Timestamp, now: Timestamp) -> impl IntoView {
    let l = language();
    view! { <p class="quiet">{td_string!(l, portal.passcode.vanishes)} " " <When at=expires_at now/> "."</p> }
}

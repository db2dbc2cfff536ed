use domain::device::{Device, DeviceId};
use domain::portal::PasscodeOffer;
use domain::{Refusal, Timestamp};
use leptos::either::EitherOf4;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_i18n::td_string;

use super::passcode_shown::PasscodeShown;
use super::refused::Refused;
use super::when::When;
use crate::api::forget_passcode::ForgetPasscode;
use crate::api::reveal_passcode::{Revealed, reveal_passcode};
use crate::browser;
use crate::live::use_live;
use crate::words::language;

const HEADING: &str = "passcode";

/// When what stands under the heading was exchanged: the button that was pressed is gone then, and Tab would begin at
/// the top of the page.
pub fn focus_passcode() {
    browser::focus(HEADING);
}

/// What the device page holds of a temporary passcode. Never in storage, never in the address.
#[derive(Clone, Copy)]
pub struct Reveal {
    pub shown: RwSignal<Option<Revealed>>,
    pub refused: RwSignal<Option<Refusal>>,
    pub forget: ServerAction<ForgetPasscode>,
}

impl Reveal {
    /// Of the passcode that is shown; none when it is over.
    pub fn signs(self) -> Vec<char> {
        self.shown.get().map(|revealed| revealed.passcode.chars().collect()).unwrap_or_default()
    }
}

/// The temporary passcode: shown, to be shown, to be shown after a fresh sign-in, or gone.
#[component]
pub fn Passcode(
    device: Device,
    offer: PasscodeOffer,
    /// A value and no signal: a closure would be drawn anew with the page's data, under the focus of whoever reads it.
    shown: Option<Revealed>,
    now: Timestamp,
    reveal: Reveal,
) -> impl IntoView {
    let l = language();
    let id = device.id.clone();
    let (class, title) = if offer == PasscodeOffer::Gone {
        ("panel", td_string!(l, portal.passcode.gone))
    } else {
        ("panel panel-first", td_string!(l, portal.passcode.title))
    };
    let body = match (offer, shown) {
        (PasscodeOffer::Gone, _) => EitherOf4::A(view! { <p>{td_string!(l, portal.passcode.gone_do)}</p> }),
        (_, Some(revealed)) => EitherOf4::B(view! { <PasscodeShown device revealed reveal/> }),
        (PasscodeOffer::Ready { expires_at }, None) => {
            EitherOf4::C(view! { <Ready id expires_at now reveal/> })
        }
        (PasscodeOffer::NeedsSignIn { expires_at }, None) => {
            EitherOf4::D(view! { <NeedsSignIn id expires_at now/> })
        }
    };
    view! {
        <section class=class aria-labelledby=HEADING>
            <h2 id=HEADING tabindex="-1">{title}</h2>
            {move || reveal.refused.get().map(|refusal| view! { <Refused refusal/> })}
            {body}
        </section>
    }
}

/// Without WebAssembly the form's own address answers with a page that shows it.
#[component]
fn Ready(id: DeviceId, expires_at: Timestamp, now: Timestamp, reveal: Reveal) -> impl IntoView {
    let l = language();
    let live = use_live();
    let action = format!("/devices/{id}/passcode");
    let show = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let id = id.clone();
        spawn_local(async move {
            match reveal_passcode(id).await {
                Ok(revealed) => {
                    reveal.shown.set(Some(revealed));
                    focus_passcode();
                }
                Err(error) => {
                    reveal.refused.set(Some(error.0));
                    live.refresh();
                }
            }
        });
    };
    view! {
        <p>{td_string!(l, portal.passcode.ready)}</p>
        <Kept expires_at now/>
        <form method="post" action=action on:submit=show>
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

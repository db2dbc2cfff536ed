use domain::Refusal;
use domain::command::CommandState;
use domain::device::{Capability, DeviceId};
use domain::portal::DeviceDetails;
use leptos::either::Either;
use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::device_in_address;
use crate::api::cancel_reset::CancelReset;
use crate::api::device::device;
use crate::api::reveal_passcode::Revealed;
use crate::components::device_facts::DeviceFacts;
use crate::components::device_picture::DevicePicture;
use crate::components::help::StillNeedHelp;
use crate::components::next_steps::NextSteps;
use crate::components::notice::Notice;
use crate::components::passcode_offer::{Passcode, Reveal, focus_passcode};
use crate::components::refused::PageRefused;
use crate::components::reset_offer::ResetOffer;
use crate::components::timeline::Timeline;
use crate::error::AppError;
use crate::live::{use_clock, use_live};
use crate::served;
use crate::words::language;
use crate::words::state::Standing;

/// What outlives a refresh of the page's data.
#[derive(Clone, Copy)]
struct Held {
    cancel: ServerAction<CancelReset>,
    reveal: Reveal,
    proven: bool,
}

#[component]
pub fn DevicePage() -> impl IntoView {
    let id = device_in_address();
    let live = use_live();
    let reveal = Reveal {
        shown: RwSignal::new(served::revealed()),
        refused: RwSignal::new(None),
        forget: ServerAction::new(),
    };
    let held = Held {
        cancel: ServerAction::new(),
        reveal,
        proven: use_query_map().read_untracked().get("proven").is_some(),
    };
    let details = Resource::new_blocking(
        move || (id.get(), live.version.get(), held.cancel.version().get(), reveal.forget.version().get()),
        |(id, ..)| async move {
            match id {
                Some(id) => device(id).await,
                None => Err(AppError(Refusal::NotFound)),
            }
        },
    );
    hide_when_over(id, reveal);
    view! {
        <Transition>
            {move || {
                let shown = reveal.shown.get();
                Suspend::new(async move {
                    match details.await {
                        Ok(details) => Either::Left(view! { <Details details shown held/> }),
                        Err(error) => Either::Right(view! { <PageRefused refusal=error.0/> }),
                    }
                })
            }}
        </Transition>
    }
}

/// A passcode does not outlive the page it was asked for on, nor the session, nor its time.
fn hide_when_over(id: Memo<Option<DeviceId>>, reveal: Reveal) {
    let live = use_live();
    let clock = use_clock();
    Effect::new(move |before: Option<_>| {
        let id = id.get();
        let moved_on = before.is_some_and(|before| before != id);
        if moved_on || live.signed_out.get() || matches!(reveal.forget.value().get(), Some(Ok(()))) {
            reveal.shown.set(None);
            reveal.refused.set(None);
        }
        id
    });
    Effect::new(move || {
        if let Some(Ok(())) = reveal.forget.value().get() {
            focus_passcode();
        }
    });
    let expired = Memo::new(move |_| {
        let shown = reveal.shown.read();
        shown.as_ref().is_some_and(|revealed| clock.from(revealed.now)() >= revealed.expires_at)
    });
    Effect::new(move || {
        if expired.get() {
            reveal.shown.set(None);
            live.refresh();
        }
    });
}

#[component]
fn Details(details: DeviceDetails, shown: Option<Revealed>, held: Held) -> impl IntoView {
    let l = language();
    let DeviceDetails { device, last, steps, passcode, now, .. } = details.clone();
    let standing = Standing::of(&device, last.as_ref(), now);
    let online = device.online;
    let done = last.as_ref().is_some_and(|command| command.state == CommandState::Done);
    let resettable = device.reset == Capability::Possible;
    let reset = device.clone();
    view! {
        <Title text=device.name.clone()/>
        <p><a class="link" href="/devices">{td_string!(l, portal.device.back)}</a></p>
        <div class="device-head">
            <DevicePicture platform=device.platform/>
            <div>
                <h1>{device.name.clone()}</h1>
                <p class=standing.class()>{standing.words(l)}</p>
            </div>
        </div>
        {held
            .proven
            .then(|| view! { <Notice good=true what=td_string!(l, portal.device.proven) do_now=""/> })}
        <div class="columns">
            <div class="column">
                {passcode
                    .map(|offer| view! { <Passcode device=reset offer shown now reveal=held.reveal/> })}
                {done.then(|| view! { <NextSteps platform=device.platform/> })}
                {last.map(|command| view! { <Timeline command steps online now cancel=held.cancel/> })}
                <ResetOffer details/>
            </div>
            <div class="column">
                <DeviceFacts device now/>
                {resettable.then(|| view! { <StillNeedHelp/> })}
            </div>
        </div>
    }
}

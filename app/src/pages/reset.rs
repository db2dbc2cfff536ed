use domain::device::{Capability, Device};
use domain::freshness::Purpose;
use domain::portal::{DeviceDetails, PasscodeOffer};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::device_in_address;
use crate::api::device::device;
use crate::components::device_card::Why;
use crate::components::notice::Notice;
use crate::components::refused::PageRefused;
use crate::components::reset_step_one::StepOne;
use crate::components::reset_step_two::StepTwo;
use crate::words::language;

/// What the address says besides the device.
#[derive(Clone, Copy)]
struct Asked {
    purpose: Purpose,
    came_back: Option<CameBack>,
}

/// How the sign-in went that was to prove something and did not.
#[derive(Clone, Copy)]
enum CameBack {
    Late,
    NotFresh,
    TooWeak,
}

impl Asked {
    fn parse() -> Self {
        let query = use_query_map();
        let query = query.read_untracked();
        let purpose =
            if query.get("purpose").as_deref() == Some("reveal") { Purpose::Reveal } else { Purpose::Reset };
        let came_back =
            [("late", CameBack::Late), ("not-fresh", CameBack::NotFresh), ("too-weak", CameBack::TooWeak)];
        let came_back = came_back.into_iter().find(|(name, _)| query.get(name).is_some());
        Self { purpose, came_back: came_back.map(|(_, how)| how) }
    }
}

/// Is not exchanged when something changes: what one is about to decide on must not change under one's finger.
#[component]
pub fn ResetPage() -> impl IntoView {
    let id = device_in_address();
    let asked = Asked::parse();
    let details = Resource::new_blocking(move || id.clone(), |id| async move { device(id?).await });
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match details.await {
                    Ok(details) => Either::Left(view! { <Steps details asked/> }),
                    Err(error) => Either::Right(view! { <PageRefused refusal=error.0/> }),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Steps(details: DeviceDetails, asked: Asked) -> impl IntoView {
    let l = language();
    let name = details.device.name.clone();
    let title = match asked.purpose {
        Purpose::Reset => td_string!(l, portal.reset.title, device = name),
        Purpose::Reveal => td_string!(l, portal.reset.title_reveal, device = name),
    };
    view! {
        <Title text=title.clone()/>
        <h1>{title}</h1>
        {asked.came_back.map(in_vain)}
        {details.as_of.map(|_| silent())}
        {step(details, asked.purpose)}
    }
}

fn in_vain(how: CameBack) -> impl IntoView {
    let l = language();
    let (what, do_now) = match how {
        CameBack::Late => (td_string!(l, portal.reset.late), td_string!(l, portal.reset.late_do)),
        CameBack::NotFresh => {
            (td_string!(l, portal.reset.not_fresh), td_string!(l, portal.reset.not_fresh_do))
        }
        CameBack::TooWeak => (td_string!(l, portal.reset.too_weak), td_string!(l, portal.reset.too_weak_do)),
    };
    view! { <Notice what do_now/> }
}

/// Said before somebody proves anything for nothing.
fn silent() -> impl IntoView {
    let l = language();
    view! { <Notice what=td_string!(l, portal.reset.silent) do_now=td_string!(l, portal.reset.silent_do)/> }
}

fn step(details: DeviceDetails, purpose: Purpose) -> AnyView {
    let DeviceDetails { device, under_way, grant_remaining_millis, passcode, .. } = details;
    match (purpose, device.reset, grant_remaining_millis) {
        (Purpose::Reveal, _, _) if matches!(passcode, Some(PasscodeOffer::Ready { .. })) => {
            view! { <AlreadyProven device/> }.into_any()
        }
        (Purpose::Reveal, _, _) => view! { <StepOne device purpose/> }.into_any(),
        (Purpose::Reset, Capability::Impossible(why), _) => view! {
            <h2>{td_string!(language(), portal.reset.impossible)}</h2>
            <Why why/>
        }
        .into_any(),
        (Purpose::Reset, _, _) if under_way => view! { <AlreadyUnderWay device/> }.into_any(),
        (Purpose::Reset, _, Some(remaining_millis)) => {
            view! { <StepTwo device remaining_millis/> }.into_any()
        }
        (Purpose::Reset, _, None) => view! { <StepOne device purpose/> }.into_any(),
    }
}

#[component]
fn AlreadyUnderWay(device: Device) -> impl IntoView {
    let l = language();
    let link = td_string!(l, portal.reset.under_way_link, device = device.name);
    view! {
        <Notice what=td_string!(l, portal.reset.under_way) do_now=td_string!(l, portal.reset.under_way_do)>
            <p><a class="link" href=format!("/devices/{}", device.id)>{link}</a></p>
        </Notice>
    }
}

#[component]
fn AlreadyProven(device: Device) -> impl IntoView {
    let l = language();
    let link = td_string!(l, portal.reset.ready_link, device = device.name);
    view! {
        <p>{td_string!(l, portal.reset.ready)}</p>
        <p><a class="link" href=format!("/devices/{}", device.id)>{link}</a></p>
    }
}

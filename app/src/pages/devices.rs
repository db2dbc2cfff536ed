use domain::portal::{DeviceCard, Overview};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api::my_devices::my_devices;
use crate::components::device_card::Card;
use crate::components::help::WhomToAsk;
use crate::components::live::Live;
use crate::components::notice::Notice;
use crate::components::refused::PageRefused;
use crate::words::language;

/// As much of an MDM's id as tells two devices of one name and model apart.
const TAIL_CHARS: usize = 4;

#[component]
pub fn DevicesPage() -> impl IntoView {
    let another = use_query_map().read_untracked().get("another").is_some();
    let mine = Resource::new_blocking(|| (), |()| my_devices());
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match mine.await {
                    Ok(mine) => Either::Left(view! { <Devices mine another/> }),
                    Err(error) => Either::Right(view! { <PageRefused refusal=error.0/> }),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Devices(mine: Overview, another: bool) -> impl IntoView {
    let l = language();
    let Overview { cards, silent } = mine;
    let empty = cards.is_empty();
    let none = if silent.is_empty() {
        (td_string!(l, portal.devices.none), td_string!(l, portal.devices.none_do))
    } else {
        (td_string!(l, portal.devices.none_silent), td_string!(l, portal.devices.silent_do))
    };
    let silent = silent.into_iter().map(|name| view! { <Silent name/> }).collect_view();
    let tails: Vec<Option<String>> = cards.iter().map(|card| tail(card, &cards)).collect();
    let cards = cards.into_iter().zip(tails).map(|(card, tail)| view! { <Card card tail/> }).collect_view();
    view! {
        <Title text=td_string!(l, portal.devices.title)/>
        <Live/>
        <h1>{td_string!(l, portal.devices.title)}</h1>
        {another
            .then(|| {
                view! {
                    <Notice
                        what=td_string!(l, portal.devices.another)
                        do_now=td_string!(l, portal.devices.another_do)
                    />
                }
            })}
        {silent}
        {if empty {
            Either::Left(view! {
                <p><strong>{none.0}</strong></p>
                <p>{none.1}</p>
                <WhomToAsk/>
            })
        } else {
            Either::Right(view! {
                <p class="lead">{td_string!(l, portal.devices.lead)}</p>
                <div class="cards">{cards}</div>
                <p>
                    {td_string!(l, portal.devices.no_button)} " "
                    <a class="link" href="/contact">{td_string!(l, portal.devices.no_button_link)}</a>
                </p>
            })
        }}
    }
}

/// An MDM that has not said anything since the start of the program.
#[component]
fn Silent(name: String) -> impl IntoView {
    let l = language();
    let what = td_string!(l, portal.devices.silent, name = name);
    view! { <Notice what do_now=td_string!(l, portal.devices.silent_do)/> }
}

/// Two devices of one name are told apart by model and the end of their id.
fn tail(card: &DeviceCard, all: &[DeviceCard]) -> Option<String> {
    let device = &card.device;
    let alike = all.iter().filter(|other| other.device.name == device.name).count();
    (alike > 1).then(|| {
        let id = device.id.external();
        // Ids are ASCII, so every place is between two characters.
        let end = &id[id.len().saturating_sub(TAIL_CHARS)..];
        format!("{}, …{end}", device.model)
    })
}

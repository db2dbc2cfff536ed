use domain::device::{Capability, Device, WhyNot};
use domain::portal::DeviceCard;
use leptos::either::Either;
use leptos::prelude::*;
use leptos_i18n::td_string;

use super::device_picture::DevicePicture;
use super::help::WhomToAsk;
use super::when::{AsOf, When};
use crate::words::language;
use crate::words::state::{Standing, why_not_words};

/// A device at a glance: what it is, how it is, when it was last heard of, and what can be done about it or why nothing.
#[component]
pub fn Card(
    card: DeviceCard,
    /// Tells it from another device of the same name.
    tail: Option<String>,
) -> impl IntoView {
    let l = language();
    let DeviceCard { device, last, as_of, now } = card;
    let standing = Standing::of(&device, last.as_ref(), as_of, now);
    let Device { id, name, model, system, platform, last_seen, reset, .. } = device;
    let heading = format!("name-{id}");
    let tail_id = format!("tail-{id}");
    let label = if tail.is_some() { format!("{heading} {tail_id}") } else { heading.clone() };
    let under_way = last.is_some_and(|command| !command.state.is_final());
    let can = match reset {
        Capability::Possible => Either::Left(
            (!under_way).then(|| view! { <p class="card-can">{td_string!(l, portal.card.can_reset)}</p> }),
        ),
        Capability::Impossible(why) => Either::Right(view! { <Why why/> }),
    };
    view! {
        <article class="card" aria-labelledby=label>
            <DevicePicture platform/>
            <div class="card-body">
                <h2 class="card-name" id=heading>
                    <a class="card-link" href=format!("/devices/{id}")>{name}</a>
                </h2>
                {tail.map(|tail| view! { <p class="card-tail" id=tail_id>{tail}</p> })}
                <p class="card-model">{model} " · " {system}</p>
                <p class=standing.class()>{standing.words(l)}</p>
                <p class="card-heard">
                    {td_string!(l, portal.card.heard)} " " <When at=last_seen now/>
                </p>
                <AsOf as_of now/>
                {can}
            </div>
        </article>
    }
}

#[component]
pub fn Why(why: WhyNot) -> impl IntoView {
    view! {
        <div class="card-why">
            <p>{why_not_words(language(), why)}</p>
            <WhomToAsk/>
        </div>
    }
}

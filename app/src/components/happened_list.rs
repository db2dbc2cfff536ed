use domain::Timestamp;
use domain::audit::Happened;
use leptos::prelude::*;

use super::when::When;
use crate::words::event::event_words;
use crate::words::language;

#[component]
pub fn HappenedList(list: Vec<Happened>, now: Timestamp) -> impl IntoView {
    let items = list.into_iter().map(|one| view! { <One one now/> }).collect_view();
    view! { <ol class="happened" tabindex="0" aria-labelledby="happened">{items}</ol> }
}

#[component]
fn One(one: Happened, now: Timestamp) -> impl IntoView {
    let Happened { seq, at, event, device } = one;
    let device = device.map(|(id, name)| {
        view! { ": " <a class="link" href=format!("/devices/{id}")>{name}</a> }
    });
    view! {
        <li id=format!("happened-{seq}")>
            <p>{event_words(language(), event)} {device}</p>
            <p class="quiet"><When at now/></p>
        </li>
    }
}

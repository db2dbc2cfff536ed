use domain::phone::Phone;
use leptos::either::Either;
use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_meta::Title;

use crate::api::phones::phones;
use crate::components::device_picture::DevicePicture;
use crate::components::refused::PageRefused;
use crate::words::language;

/// `/phones`: every phone of the virtual fleet, lying there to be picked up.
#[component]
pub fn PhonesPage() -> impl IntoView {
    let all = Resource::new_blocking(|| (), |()| phones());
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match all.await {
                    Ok(all) => Either::Left(view! { <Table all/> }),
                    Err(error) => Either::Right(view! { <PageRefused refusal=error.0/> }),
                }
            })}
        </Suspense>
    }
}

/// Everything on the table, a heap for each owner. The fleet lists them by owner.
#[component]
fn Table(all: Vec<Phone>) -> impl IntoView {
    let l = language();
    let heaps = all
        .chunk_by(|one, other| one.owner == other.owner)
        .map(|phones| view! { <Heap phones=phones.to_vec()/> })
        .collect_view();
    view! {
        <Title text=td_string!(l, phones.title)/>
        <h1>{td_string!(l, phones.title)}</h1>
        <p class="lead">{td_string!(l, phones.lead)}</p>
        {heaps}
    }
}

#[component]
fn Heap(phones: Vec<Phone>) -> impl IntoView {
    let owner = phones.first().map(|phone| phone.owner.clone());
    let lines = phones.into_iter().map(|phone| view! { <Line phone/> }).collect_view();
    view! {
        <h2>{owner}</h2>
        <ul class="phone-list">{lines}</ul>
    }
}

#[component]
fn Line(phone: Phone) -> impl IntoView {
    let (class, state) = state(&phone);
    view! {
        <li class="card">
            <DevicePicture platform=phone.platform/>
            <div class="card-body">
                <p class="card-name"><a class="card-link" href=format!("/phones/{}", phone.id)>{phone.name}</a></p>
                <p class="card-model">{phone.model} " · " {phone.system}</p>
                <p class=class>{state}</p>
            </div>
        </li>
    }
}

fn state(phone: &Phone) -> (&'static str, &'static str) {
    let l = language();
    if phone.retired {
        ("chip chip-bad", td_string!(l, phones.state_retired))
    } else if !phone.online {
        ("chip chip-quiet", td_string!(l, phones.offline))
    } else if phone.locked {
        ("chip chip-busy", td_string!(l, phones.state_locked))
    } else {
        ("chip chip-good", td_string!(l, phones.unlocked))
    }
}

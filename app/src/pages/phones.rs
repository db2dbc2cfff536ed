use domain::phone::Phone;
use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::phones::phones;
use crate::i18n::{t, t_string, use_i18n};

/// `/phones`: every phone of the virtual fleet, lying there to be picked up.
#[component]
pub fn PhonesPage() -> impl IntoView {
    let i18n = use_i18n();
    let all = Resource::new(|| (), |()| phones());
    view! {
        <Title text=move || t_string!(i18n, phones.title)/>
        <div class="phone-page">
            <h1>{t!(i18n, phones.title)}</h1>
            <p>{t!(i18n, phones.lead)}</p>
            <Suspense fallback=move || view! { <p>{t!(i18n, phones.loading)}</p> }>
                {move || Suspend::new(async move {
                    match all.await {
                        Ok(all) => Either::Left(by_owner(all).into_iter().map(owned).collect_view()),
                        Err(_) => Either::Right(view! { <p>{t!(i18n, phones.none)}</p> }),
                    }
                })}
            </Suspense>
        </div>
    }
}

/// The fleet lists them by owner.
fn by_owner(all: Vec<Phone>) -> Vec<Vec<Phone>> {
    all.chunk_by(|one, other| one.owner == other.owner).map(<[Phone]>::to_vec).collect()
}

fn owned(phones: Vec<Phone>) -> impl IntoView {
    let owner = phones.first().map(|phone| phone.owner.clone());
    view! {
        <h2>{owner}</h2>
        <ul class="phone-list">
            {phones.into_iter().map(|phone| view! { <Line phone/> }).collect_view()}
        </ul>
    }
}

#[component]
fn Line(phone: Phone) -> impl IntoView {
    let i18n = use_i18n();
    let state = if phone.retired {
        t!(i18n, phones.state_retired).into_any()
    } else if !phone.online {
        t!(i18n, phones.offline).into_any()
    } else if phone.locked {
        t!(i18n, phones.state_locked).into_any()
    } else {
        t!(i18n, phones.unlocked).into_any()
    };
    view! {
        <li class="phone-line">
            <a href=format!("/phones/{}", phone.id)>{phone.name}</a>
            <span>{phone.system}</span>
            <span>{state}</span>
        </li>
    }
}

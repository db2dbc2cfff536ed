use domain::device::DeviceId;
use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::api::phones::{PhoneView, phone};
use crate::components::phone_in_hand::PhoneInHand;
use crate::error::AppError;
use crate::i18n::{t, t_string, use_i18n};

/// `/phones/{id}`: one phone of the virtual fleet, as whoever holds it sees it.
#[component]
pub fn PhonePage() -> impl IntoView {
    let i18n = use_i18n();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").and_then(|id| id.parse().ok())));
    let seen = Resource::new(move || id.get(), look);
    view! {
        <div class="phone-page">
            <Suspense fallback=move || view! { <p>{t!(i18n, phones.loading)}</p> }>
                {move || Suspend::new(async move {
                    match seen.await {
                        Ok(first) => Either::Left(view! {
                            <Title text=first.phone.name.clone()/>
                            <PhoneInHand first/>
                        }),
                        Err(_) => Either::Right(view! {
                            <Title text=t_string!(i18n, phones.not_found)/>
                            <NotHere/>
                        }),
                    }
                })}
            </Suspense>
        </div>
    }
}

async fn look(id: Option<DeviceId>) -> Result<PhoneView, AppError> {
    phone(id.ok_or(domain::Refusal::NotFound)?).await
}

#[component]
fn NotHere() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <h1>{t!(i18n, phones.not_found)}</h1>
        <p>{t!(i18n, phones.not_found_do)}</p>
        <p class="phone-links"><a href="/phones">{t!(i18n, phones.all_phones)}</a></p>
    }
}

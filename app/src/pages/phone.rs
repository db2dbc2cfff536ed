use domain::Refusal;
use leptos::either::Either;
use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_meta::Title;

use super::device_in_address;
use crate::api::phones::phone;
use crate::components::phone_in_hand::PhoneInHand;
use crate::components::refused::PageRefused;
use crate::error::AppError;
use crate::words::language;

/// `/phones/{id}`: one phone of the virtual fleet, as whoever holds it sees it.
#[component]
pub fn PhonePage() -> impl IntoView {
    let id = device_in_address();
    let seen = Resource::new_blocking(
        move || id.get(),
        |id| async move {
            match id {
                Some(id) => phone(id).await,
                None => Err(AppError(Refusal::NotFound)),
            }
        },
    );
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match seen.await {
                    Ok(first) => Either::Left(view! {
                        <Title text=td_string!(language(), phones.in_hand, phone = first.phone.name.clone())/>
                        <PhoneInHand first/>
                    }),
                    Err(error) => Either::Right(view! { <PageRefused refusal=error.0/> }),
                }
            })}
        </Suspense>
    }
}

use leptos::either::Either;
use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_meta::Title;

use super::device_in_address;
use crate::api::phones::phone;
use crate::components::live::Live;
use crate::components::phone_in_hand::PhoneInHand;
use crate::components::refused::PageRefused;
use crate::words::language;

/// How often an open page asks how its phone is: as often as the phone asks its MDM.
const LOOK_AGAIN_MILLIS: &str = "1000";

/// `/phones/{id}`: one phone of the virtual fleet, as whoever holds it sees it.
#[component]
pub fn PhonePage() -> impl IntoView {
    let id = device_in_address();
    let answer = Resource::new_blocking(move || id.clone(), |id| async move { phone(id?).await });
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match answer.await {
                    Ok(seen) => Either::Left(view! {
                        <Title text=td_string!(language(), phones.in_hand, phone = seen.phone.name.clone())/>
                        <Live every_millis=LOOK_AGAIN_MILLIS/>
                        <PhoneInHand seen/>
                    }),
                    Err(error) => Either::Right(view! { <PageRefused refusal=error.0/> }),
                }
            })}
        </Suspense>
    }
}

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::api::phones::PhoneView;
use crate::components::phone_body::PhoneBody;
use crate::components::phone_controls::PhoneControls;
use crate::components::phone_hand::InHand;
use crate::components::phone_home_screen::PhoneHomeScreen;
use crate::components::phone_lock_screen::PhoneLockScreen;
use crate::i18n::{t, t_string, use_i18n};

/// The whole of a phone's page, once it is known which phone it is.
#[component]
pub fn PhoneInHand(first: PhoneView) -> impl IntoView {
    let i18n = use_i18n();
    let phone = first.phone.clone();
    let platform = phone.platform;
    let hand = InHand::new(first);
    hand.keep_looking();
    view! {
        <h1>{phone.name}</h1>
        <p class="phone-model">{phone.model} ", " {phone.system}</p>
        <div class="phone-desk">
            <PhoneBody hand platform>
                <Saying hand/>
                <Show
                    when=move || hand.locked.get()
                    fallback=move || view! { <PhoneHomeScreen hand/> }
                >
                    <PhoneLockScreen hand platform/>
                </Show>
            </PhoneBody>
            <PhoneControls hand/>
        </div>
        <p class="phone-links">
            <a href="/phones">{t!(i18n, phones.all_phones)}</a>
            <a href=format!("/devices/{}", phone.id)>{t!(i18n, phones.in_portal)}</a>
        </p>
    }
}

/// The phone's answer to the last try. That it was wrong stands in the address, and is over once the phone was reset.
#[component]
fn Saying(hand: InHand) -> impl IntoView {
    let i18n = use_i18n();
    let query = use_query_map();
    let was_wrong = Memo::new(move |_| query.with(|query| query.get("wrong").is_some()));
    let words = move || {
        if !hand.locked.get() {
            t_string!(i18n, phones.unlocked)
        } else if was_wrong.get() && hand.wrong_tries.get() > 0 {
            t_string!(i18n, phones.wrong_passcode)
        } else {
            ""
        }
    };
    view! { <p role="status" class="handset-says">{words}</p> }
}

use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_router::hooks::use_query_map;

use super::phone_body::PhoneBody;
use super::phone_controls::PhoneControls;
use super::phone_hand::InHand;
use super::phone_home_screen::PhoneHomeScreen;
use super::phone_lock_screen::PhoneLockScreen;
use crate::api::phones::PhoneView;
use crate::words::language;

/// The whole of a phone's page, once it is known which phone it is.
#[component]
pub fn PhoneInHand(first: PhoneView) -> impl IntoView {
    let l = language();
    let phone = first.phone.clone();
    let platform = phone.platform;
    let hand = InHand::new(first);
    hand.keep_looking();
    view! {
        <p><a class="link" href="/phones">{td_string!(l, phones.all_phones)}</a></p>
        <h1>{phone.name}</h1>
        <p class="lead">{phone.model} " · " {phone.system}</p>
        <div class="phone-desk">
            <PhoneBody hand platform>
                <Saying hand/>
                <Show when=move || hand.locked.get() fallback=move || view! { <PhoneHomeScreen hand/> }>
                    <PhoneLockScreen hand platform/>
                </Show>
            </PhoneBody>
            <div class="phone-beside">
                <PhoneControls hand/>
                <p><a class="link" href=format!("/devices/{}", phone.id)>{td_string!(l, phones.in_portal)}</a></p>
            </div>
        </div>
    }
}

/// The phone's answer to the last try. That it was wrong stands in the address, and is over once the phone was reset.
#[component]
fn Saying(hand: InHand) -> impl IntoView {
    let l = language();
    let query = use_query_map();
    let was_wrong = Memo::new(move |_| query.read().get("wrong").is_some());
    let words = move || {
        if !hand.locked.get() {
            td_string!(l, phones.unlocked)
        } else if was_wrong.get() && hand.wrong_tries.get() > 0 {
            td_string!(l, phones.wrong_passcode)
        } else {
            ""
        }
    };
    view! { <p role="status" class="handset-says" class:handset-opened=move || !hand.locked.get()>{words}</p> }
}

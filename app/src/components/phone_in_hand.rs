use domain::phone::Phone;
use leptos::either::Either;
use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_router::hooks::use_query_map;

use super::phone_body::PhoneBody;
use super::phone_controls::PhoneControls;
use super::phone_home_screen::PhoneHomeScreen;
use super::phone_lock_screen::PhoneLockScreen;
use crate::api::phones::PhoneView;
use crate::words::language;

/// The whole of a phone's page, once it is known which phone it is.
#[component]
pub fn PhoneInHand(seen: PhoneView) -> impl IntoView {
    let l = language();
    let phone = seen.phone.clone();
    let in_portal = format!("/devices/{}", phone.id);
    let screen = if phone.locked {
        Either::Left(view! { <PhoneLockScreen seen=seen.clone()/> })
    } else {
        let device = phone.id.to_string();
        Either::Right(view! { <PhoneHomeScreen device has_passcode=phone.has_passcode/> })
    };
    view! {
        <p><a class="link" href="/phones">{td_string!(l, phones.all_phones)}</a></p>
        <h1>{phone.name.clone()}</h1>
        <p class="lead">{phone.model.clone()} " · " {phone.system.clone()}</p>
        <div class="phone-desk">
            <PhoneBody seen=seen.clone()>
                <Saying phone/>
                {screen}
            </PhoneBody>
            <div class="phone-beside">
                <PhoneControls seen/>
                <p><a class="link" href=in_portal>{td_string!(l, phones.in_portal)}</a></p>
            </div>
        </div>
    }
}

/// The phone's answer to the last try. That it was wrong stands in the address, and is over once the phone was reset.
#[component]
fn Saying(phone: Phone) -> impl IntoView {
    let l = language();
    let was_wrong = use_query_map().read_untracked().get("wrong").is_some();
    let (class, words) = if !phone.locked {
        ("handset-says handset-opened", td_string!(l, phones.unlocked))
    } else if was_wrong && phone.wrong_tries > 0 {
        ("handset-says", td_string!(l, phones.wrong_passcode))
    } else {
        ("handset-says", "")
    };
    view! { <p role="status" class=class>{words}</p> }
}

use domain::phone::Phone;
use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_i18n::td_string;

use super::phone_clock::PhoneClock;
use crate::api::phones::{PhoneView, Unlock};
use crate::islands::phone_keys::PhoneKeys;
use crate::words::language;

const FIELD: &str = "phone-passcode";

/// What a locked phone shows: the time, and how to get in.
#[component]
pub fn PhoneLockScreen(seen: PhoneView) -> impl IntoView {
    let l = language();
    let PhoneView { phone, now } = seen;
    let device = phone.id.to_string();
    let way_in = if phone.has_passcode {
        Either::Left(view! { <PasscodeField phone/> })
    } else {
        Either::Right(view! { <p class="handset-hint">{td_string!(l, phones.opens_without)}</p> })
    };
    view! {
        <div class="lock" id="lock-screen">
            <div class="lock-time"><PhoneClock now/></div>
            <Padlock/>
            <form class="handset-form" method="post" action=Unlock::PATH autocomplete="off" data-here>
                <input type="hidden" name="device" value=device/>
                {way_in}
                <button type="submit" class="handset-button">{td_string!(l, phones.unlock)}</button>
            </form>
        </div>
    }
}

#[component]
fn PasscodeField(phone: Phone) -> impl IntoView {
    let l = language();
    let tries = match phone.wrong_tries {
        0 => td_string!(l, phones.tries_none).to_owned(),
        1 => td_string!(l, phones.tries_one).to_owned(),
        count => td_string!(l, phones.tries_many, count = count),
    };
    view! {
        <label class="handset-label" for=FIELD>{td_string!(l, phones.passcode)}</label>
        <input
            id=FIELD
            class="handset-field"
            type="text"
            name="passcode"
            autocomplete="off"
            autocapitalize="none"
            spellcheck="false"
            aria-describedby="phone-tries"
        />
        <p class="handset-hint" id="phone-tries" aria-live="polite">{tries}</p>
        <PhoneKeys platform=phone.platform field=FIELD.to_owned()/>
    }
}

#[component]
fn Padlock() -> impl IntoView {
    view! {
        <svg class="lock-picture" viewBox="0 0 24 24" width="28" height="28" aria-hidden="true" focusable="false">
            <rect x="5" y="11" width="14" height="10" rx="2" fill="currentColor"></rect>
            <path d="M8 11V8a4 4 0 0 1 8 0v3" fill="none" stroke="currentColor" stroke-width="2"></path>
        </svg>
    }
}

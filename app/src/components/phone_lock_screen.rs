use domain::device::Platform;
use leptos::form::ActionForm;
use leptos::html::Input;
use leptos::prelude::*;
use leptos_i18n::td_string;

use super::phone_clock::PhoneClock;
use super::phone_hand::InHand;
use super::phone_keys::PhoneKeys;
use crate::api::phones::Unlock;
use crate::words::language;

/// What a locked phone shows: the time, and how to get in.
#[component]
pub fn PhoneLockScreen(hand: InHand, platform: Platform) -> impl IntoView {
    let l = language();
    let field = NodeRef::<Input>::new();
    let unlock = hand.action_from::<Unlock>(field);
    let opens_alone = move || view! { <p class="handset-hint">{td_string!(l, phones.opens_without)}</p> };
    view! {
        <div class="lock">
            <div class="lock-time"><PhoneClock minute=hand.minute/></div>
            <Padlock/>
            <ActionForm action=unlock attr:class="handset-form" attr:autocomplete="off">
                <input type="hidden" name="device" value=hand.device()/>
                <Show when=move || hand.has_passcode.get() fallback=opens_alone>
                    <PasscodeField hand field/>
                    <PhoneKeys platform field/>
                </Show>
                <button type="submit" class="handset-button">{td_string!(l, phones.unlock)}</button>
            </ActionForm>
        </div>
    }
}

#[component]
fn PasscodeField(hand: InHand, field: NodeRef<Input>) -> impl IntoView {
    let l = language();
    let tries = move || match hand.wrong_tries.get() {
        0 => td_string!(l, phones.tries_none).to_owned(),
        1 => td_string!(l, phones.tries_one).to_owned(),
        count => td_string!(l, phones.tries_many, count = count),
    };
    view! {
        <label class="handset-label" for="phone-passcode">{td_string!(l, phones.passcode)}</label>
        <input
            id="phone-passcode"
            class="handset-field"
            node_ref=field
            type="text"
            name="passcode"
            autocomplete="off"
            autocapitalize="none"
            spellcheck="false"
            aria-describedby="phone-tries"
        />
        <p class="handset-hint" id="phone-tries" aria-live="polite">{tries}</p>
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

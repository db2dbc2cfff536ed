use domain::device::Platform;
use leptos::html;
use leptos::prelude::*;

use crate::api::phones::Unlock;
use crate::components::phone_hand::InHand;
use crate::components::phone_keypad::PhoneKeypad;
use crate::i18n::{t, use_i18n};

/// What a locked phone shows: how to get in.
#[component]
pub fn PhoneLockScreen(hand: InHand, platform: Platform) -> impl IntoView {
    let i18n = use_i18n();
    let unlock = hand.action::<Unlock>();
    let field = NodeRef::<html::Input>::new();
    // As on a phone, a wrong passcode is not left standing.
    Effect::new(move || {
        if unlock.version().get() > 0
            && let Some(field) = field.get_untracked()
        {
            field.set_value("");
        }
    });
    view! {
        <div class="lock-screen">
            <Padlock/>
            <ActionForm action=unlock attr:class="lock-form" attr:autocomplete="off">
                <input type="hidden" name="device" value=hand.device()/>
                <Show
                    when=move || hand.has_passcode.get()
                    fallback=move || view! { <p class="handset-hint">{t!(i18n, phones.opens_without)}</p> }
                >
                    <PasscodeField hand field/>
                    {has_keypad(platform).then(|| view! { <PhoneKeypad field/> })}
                </Show>
                <button type="submit" class="handset-button">{t!(i18n, phones.unlock)}</button>
            </ActionForm>
        </div>
    }
}

#[component]
fn PasscodeField(hand: InHand, field: NodeRef<html::Input>) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <label class="handset-label" for="phone-passcode">{t!(i18n, phones.passcode)}</label>
        <input
            id="phone-passcode"
            class="handset-field"
            node_ref=field
            type="text"
            name="passcode"
            autocomplete="off"
            autocapitalize="none"
            autocorrect="off"
            spellcheck="false"
            aria-describedby="phone-tries"
        />
        <p id="phone-tries" class="handset-hint">{move || tries(hand.wrong_tries.get())}</p>
    }
}

fn tries(wrong: u32) -> AnyView {
    let i18n = use_i18n();
    match wrong {
        0 => t!(i18n, phones.tries_none).into_any(),
        1 => t!(i18n, phones.tries_one).into_any(),
        _ => t!(i18n, phones.tries_many, count = wrong).into_any(),
    }
}

#[component]
fn Padlock() -> impl IntoView {
    view! {
        <svg class="lock-picture" viewBox="0 0 24 24" width="32" height="32" aria-hidden="true" focusable="false">
            <rect x="5" y="11" width="14" height="10" rx="2"/>
            <path d="M8 11V8a4 4 0 0 1 8 0v3" fill="none" stroke-width="2"/>
        </svg>
    }
}

/// The others bring up a keyboard.
fn has_keypad(platform: Platform) -> bool {
    matches!(platform, Platform::Ios | Platform::WindowsPhone81)
}

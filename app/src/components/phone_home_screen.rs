use leptos::html;
use leptos::prelude::*;

use crate::api::phones::{Lock, SetPasscode};
use crate::components::phone_hand::InHand;
use crate::i18n::{t, use_i18n};

/// What an unlocked phone shows: its apps, and the one setting that matters here.
#[component]
pub fn PhoneHomeScreen(hand: InHand) -> impl IntoView {
    let i18n = use_i18n();
    let lock = hand.action::<Lock>();
    view! {
        <div class="home-screen">
            <div class="home-apps" aria-hidden="true">
                {(0..8).map(|_| view! { <span class="home-app"></span> }).collect_view()}
            </div>
            <NewPasscode hand/>
            <ActionForm action=lock>
                <input type="hidden" name="device" value=hand.device()/>
                <button type="submit" class="handset-button">{t!(i18n, phones.lock)}</button>
            </ActionForm>
        </div>
    }
}

#[component]
fn NewPasscode(hand: InHand) -> impl IntoView {
    let i18n = use_i18n();
    let set_passcode = hand.action::<SetPasscode>();
    let field = NodeRef::<html::Input>::new();
    Effect::new(move || {
        if set_passcode.version().get() > 0
            && let Some(field) = field.get_untracked()
        {
            field.set_value("");
        }
    });
    let now_has = move || {
        if hand.has_passcode.get() {
            t!(i18n, phones.has_passcode).into_any()
        } else {
            t!(i18n, phones.has_no_passcode).into_any()
        }
    };
    view! {
        <h2 class="home-heading">{t!(i18n, phones.new_passcode)}</h2>
        <ActionForm action=set_passcode attr:class="lock-form" attr:autocomplete="off">
            <input type="hidden" name="device" value=hand.device()/>
            <label class="handset-label" for="phone-own-code">{t!(i18n, phones.own_code)}</label>
            <input
                id="phone-own-code"
                class="handset-field"
                node_ref=field
                type="text"
                name="own_code"
                autocomplete="off"
                autocapitalize="none"
                autocorrect="off"
                spellcheck="false"
                aria-describedby="phone-own-code-hint"
            />
            <p id="phone-own-code-hint" class="handset-hint">
                {now_has} " " {t!(i18n, phones.own_code_hint)}
            </p>
            <button type="submit" class="handset-button">{t!(i18n, phones.set_passcode)}</button>
        </ActionForm>
    }
}

use leptos::form::ActionForm;
use leptos::html::Input;
use leptos::prelude::*;
use leptos_i18n::td_string;

use super::phone_hand::InHand;
use crate::api::phones::{Lock, SetPasscode};
use crate::words::language;

/// Pictures of apps nobody needs here.
const APPS: usize = 8;

/// What an unlocked phone shows: its apps, and the one setting that matters here.
#[component]
pub fn PhoneHomeScreen(hand: InHand) -> impl IntoView {
    let lock = hand.action::<Lock>();
    let apps = (0..APPS).map(|_| view! { <span class="home-app"></span> }).collect_view();
    view! {
        <div class="home">
            <div class="home-apps" aria-hidden="true">{apps}</div>
            <NewPasscode hand/>
            <ActionForm action=lock>
                <input type="hidden" name="device" value=hand.device()/>
                <button type="submit" class="handset-button handset-button-quiet">
                    {td_string!(language(), phones.lock)}
                </button>
            </ActionForm>
        </div>
    }
}

#[component]
fn NewPasscode(hand: InHand) -> impl IntoView {
    let l = language();
    let field = NodeRef::<Input>::new();
    let set_passcode = hand.action_from::<SetPasscode>(field);
    let now = move || {
        if hand.has_passcode.get() {
            td_string!(l, phones.has_passcode)
        } else {
            td_string!(l, phones.has_no_passcode)
        }
    };
    view! {
        <section class="home-setting" aria-labelledby="new-passcode">
            <h2 class="home-heading" id="new-passcode">{td_string!(l, phones.new_passcode)}</h2>
            <p class="handset-hint" id="own-code-hint">{now} " " {td_string!(l, phones.own_code_hint)}</p>
            <ActionForm action=set_passcode attr:class="handset-form" attr:autocomplete="off">
                <input type="hidden" name="device" value=hand.device()/>
                <label class="handset-label" for="own-code">{td_string!(l, phones.own_code)}</label>
                <input
                    id="own-code"
                    class="handset-field"
                    node_ref=field
                    type="text"
                    name="own_code"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    aria-describedby="own-code-hint"
                />
                <button type="submit" class="handset-button">{td_string!(l, phones.set_passcode)}</button>
            </ActionForm>
        </section>
    }
}

use leptos::prelude::*;

use crate::api::phones::{GiveTo, Retire, SetOnline};
use crate::components::phone_hand::InHand;
use crate::i18n::{t, use_i18n};

/// What happens to a phone that its screen knows nothing of.
#[component]
pub fn PhoneControls(hand: InHand) -> impl IntoView {
    let i18n = use_i18n();
    let give_to = hand.action::<GiveTo>();
    view! {
        <section class="phone-controls" aria-labelledby="phone-controls">
            <h2 id="phone-controls">{t!(i18n, phones.around)}</h2>
            <p class="phone-owner">{move || t!(i18n, phones.belongs_to, owner = move || hand.owner.get())}</p>
            <NetworkSwitch hand/>
            <Management hand/>
            <ActionForm action=give_to>
                <input type="hidden" name="device" value=hand.device()/>
                <input type="hidden" name="user_name" value="ben"/>
                <button type="submit" class="phone-button">{t!(i18n, phones.give_to_ben)}</button>
            </ActionForm>
            <p role="alert" class="phone-failed">
                {move || hand.failed.get().then(|| t!(i18n, phones.failed))}
            </p>
        </section>
    }
}

#[component]
fn NetworkSwitch(hand: InHand) -> impl IntoView {
    let i18n = use_i18n();
    let set_online = hand.action::<SetOnline>();
    let words = move || {
        if hand.online.get() {
            t!(i18n, phones.go_offline).into_any()
        } else {
            t!(i18n, phones.go_online).into_any()
        }
    };
    let meaning = move || {
        if hand.online.get() {
            t!(i18n, phones.online_means).into_any()
        } else {
            t!(i18n, phones.offline_means).into_any()
        }
    };
    view! {
        <p class="phone-hint">{meaning}</p>
        <ActionForm action=set_online>
            <input type="hidden" name="device" value=hand.device()/>
            <input type="hidden" name="online" value=move || (!hand.online.get()).to_string()/>
            <button type="submit" class="phone-button">{words}</button>
        </ActionForm>
    }
}

#[component]
fn Management(hand: InHand) -> impl IntoView {
    let i18n = use_i18n();
    let retire = hand.action::<Retire>();
    view! {
        <Show
            when=move || !hand.retired.get()
            fallback=move || view! { <p class="phone-hint">{t!(i18n, phones.retired)}</p> }
        >
            <ActionForm action=retire>
                <input type="hidden" name="device" value=hand.device()/>
                <button type="submit" class="phone-button">{t!(i18n, phones.retire)}</button>
            </ActionForm>
        </Show>
    }
}

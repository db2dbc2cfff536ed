use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_i18n::td_string;

use super::phone_hand::InHand;
use super::refused::Refused;
use crate::api::phones::{GiveTo, Retire, SetOnline};
use crate::words::language;

/// What happens to a phone that its screen knows nothing of.
#[component]
pub fn PhoneControls(hand: InHand) -> impl IntoView {
    let l = language();
    view! {
        <section class="panel phone-controls" aria-labelledby="around">
            <h2 id="around">{td_string!(l, phones.around)}</h2>
            {move || hand.refused.get().map(|refusal| view! { <Refused refusal/> })}
            <NetworkSwitch hand/>
            <Ownership hand/>
            <Management hand/>
        </section>
    }
}

#[component]
fn NetworkSwitch(hand: InHand) -> impl IntoView {
    let l = language();
    let set_online = hand.action::<SetOnline>();
    let now = move || {
        if hand.online.get() {
            td_string!(l, phones.online_means)
        } else {
            td_string!(l, phones.offline_means)
        }
    };
    let then = move || {
        if hand.online.get() { td_string!(l, phones.go_offline) } else { td_string!(l, phones.go_online) }
    };
    view! {
        <div class="phone-control">
            <p>{now}</p>
            <ActionForm action=set_online>
                <input type="hidden" name="device" value=hand.device()/>
                <input type="hidden" name="online" value=move || (!hand.online.get()).to_string()/>
                <button type="submit" class="button">{then}</button>
            </ActionForm>
        </div>
    }
}

#[component]
fn Ownership(hand: InHand) -> impl IntoView {
    let l = language();
    let give_to = hand.action::<GiveTo>();
    let owner = move || td_string!(l, phones.belongs_to, owner = hand.owner.get());
    view! {
        <div class="phone-control">
            <p>{owner}</p>
            <ActionForm action=give_to>
                <input type="hidden" name="device" value=hand.device()/>
                <input type="hidden" name="user_name" value="ben"/>
                <button type="submit" class="button">{td_string!(l, phones.give_to_ben)}</button>
            </ActionForm>
        </div>
    }
}

#[component]
fn Management(hand: InHand) -> impl IntoView {
    let l = language();
    let retire = hand.action::<Retire>();
    let now = move || {
        if hand.retired.get() { td_string!(l, phones.retired) } else { td_string!(l, phones.managed) }
    };
    view! {
        <div class="phone-control">
            <p>{now}</p>
            <Show when=move || !hand.retired.get()>
                <ActionForm action=retire>
                    <input type="hidden" name="device" value=hand.device()/>
                    <button type="submit" class="button">{td_string!(l, phones.retire)}</button>
                </ActionForm>
            </Show>
        </div>
    }
}

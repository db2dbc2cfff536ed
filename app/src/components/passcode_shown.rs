use domain::device::{Device, DeviceId};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_i18n::td_string;

use super::help::WhomToAsk;
use super::when::When;
use crate::api::forget_passcode::ForgetPasscode;
use crate::api::reveal_passcode::Revealed;
use crate::islands::copy::Copy;
use crate::words::language;
use crate::words::spelling::{SignKind, spell};

/// Groups of four are read and typed without losing the place.
const GROUP: usize = 4;
const OUTPUT: &str = "temporary-passcode";

/// The temporary passcode itself.
#[component]
pub fn PasscodeShown(device: Device, revealed: Revealed) -> impl IntoView {
    let l = language();
    let Revealed { passcode, expires_at, now } = revealed;
    let signs: Vec<char> = passcode.chars().collect();
    view! {
        <output class="passcode" role="status" id=OUTPUT aria-label=td_string!(l, portal.passcode.label)>
            {groups(&signs)}
        </output>
        <Copy l from=OUTPUT.to_owned()/>
        <p>
            {td_string!(l, portal.passcode.vanishes)} " " <When at=expires_at now/> ". "
            {td_string!(l, portal.passcode.vanishes_do)}
        </p>
        <Spelling signs/>
        <Trouble name=device.name/>
        <Done device=device.id/>
    }
}

/// Digits and letters are told apart; the spaces between the groups are drawn by the style sheet.
fn groups(signs: &[char]) -> impl IntoView + use<> {
    signs
        .chunks(GROUP)
        .map(|group| {
            let signs = group
                .iter()
                .map(|sign| view! { <span class=SignKind::of(*sign).class()>{sign.to_string()}</span> })
                .collect_view();
            view! { <span class="passcode-group">{signs}</span> }
        })
        .collect_view()
}

#[component]
fn Spelling(signs: Vec<char>) -> impl IntoView {
    let l = language();
    let signs = signs.into_iter().map(|sign| view! { <li>{spell(l, sign)}</li> }).collect_view();
    view! {
        <details class="more">
            <summary>{td_string!(l, portal.passcode.spell)}</summary>
            <ol class="spelling">{signs}</ol>
        </details>
    }
}

#[component]
fn Trouble(name: String) -> impl IntoView {
    let l = language();
    view! {
        <details class="more">
            <summary>{td_string!(l, portal.passcode.trouble)}</summary>
            <ul>
                <li>{td_string!(l, portal.passcode.trouble_device, device = name)}</li>
                <li>{td_string!(l, portal.passcode.trouble_case)}</li>
                <li>{td_string!(l, portal.passcode.trouble_done)}</li>
                <li>{td_string!(l, portal.passcode.trouble_wait)}</li>
            </ul>
            <p>{td_string!(l, portal.passcode.trouble_ask)}</p>
            <WhomToAsk/>
        </details>
    }
}

#[component]
fn Done(device: DeviceId) -> impl IntoView {
    let l = language();
    view! {
        <form method="post" action=ForgetPasscode::PATH data-here>
            <input type="hidden" name="device" value=device.to_string()/>
            <p class="quiet">{td_string!(l, portal.passcode.done_do)}</p>
            <button class="button button-first" type="submit">{td_string!(l, portal.passcode.done)}</button>
        </form>
    }
}

use domain::device::Device;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_i18n::td_string;

use super::help::WhomToAsk;
use super::passcode_offer::Reveal;
use super::refused::Refused;
use super::when::When;
use crate::api::reveal_passcode::Revealed;
use crate::browser;
use crate::live::use_clock;
use crate::words::language;
use crate::words::spelling::{SignKind, spell};

/// Groups of four are read and typed without losing the place.
const GROUP: usize = 4;

/// The temporary passcode itself. Drawn alike by WebAssembly and by the form's answer without it. Its signs are read from
/// the signal: they are taken away at once, whatever else of the page is still awaited.
#[component]
pub fn PasscodeShown(device: Device, revealed: Revealed, reveal: Reveal) -> impl IntoView {
    let l = language();
    let Revealed { expires_at, now, .. } = revealed;
    let over = move || reveal.shown.read().is_none();
    view! {
        <output class="passcode" role="status" hidden=over aria-label=td_string!(l, portal.passcode.label)>
            {move || groups(&reveal.signs())}
        </output>
        <Copy reveal/>
        <p>
            {td_string!(l, portal.passcode.vanishes)} " " <When at=expires_at now/> ". "
            {td_string!(l, portal.passcode.vanishes_do)}
        </p>
        <Spelling reveal/>
        <Trouble name=device.name.clone()/>
        <Done device reveal/>
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

/// Appears with WebAssembly, which alone can do it.
#[component]
fn Copy(reveal: Reveal) -> impl IntoView {
    let l = language();
    let alive = use_clock().alive;
    let copied = RwSignal::new(false);
    let copy = move |_| {
        browser::copy(&String::from_iter(untrack(|| reveal.signs())));
        copied.set(true);
    };
    let said = move || if copied.get() { td_string!(l, portal.passcode.copied) } else { "" };
    view! {
        <p class="copy" hidden=move || !alive.get()>
            <button class="button button-quiet" type="button" on:click=copy>
                {td_string!(l, portal.passcode.copy)}
            </button>
            <span aria-live="polite">{said}</span>
        </p>
    }
}

#[component]
fn Spelling(reveal: Reveal) -> impl IntoView {
    let l = language();
    let signs =
        move || reveal.signs().into_iter().map(|sign| view! { <li>{spell(l, sign)}</li> }).collect_view();
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
fn Done(device: Device, reveal: Reveal) -> impl IntoView {
    let l = language();
    let refused = move || reveal.forget.value().get().and_then(Result::err);
    view! {
        {move || refused().map(|error| view! { <Refused refusal=error.0/> })}
        <ActionForm action=reveal.forget>
            <input type="hidden" name="device" value=device.id.to_string()/>
            <p class="quiet">{td_string!(l, portal.passcode.done_do)}</p>
            <button class="button button-first" type="submit">{td_string!(l, portal.passcode.done)}</button>
        </ActionForm>
    }
}

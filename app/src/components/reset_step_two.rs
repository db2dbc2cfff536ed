use domain::device::{Device, Platform};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_i18n::td_string;

use super::platform_table::PlatformTable;
use crate::api::reset_passcode::ResetPasscode;
use crate::words::language;
use crate::words::platform::effect_on;

/// Step 2: what will happen to this very device, one question, then the button.
#[component]
pub fn StepTwo(device: Device, remaining_millis: i64) -> impl IntoView {
    let l = language();
    let remaining = match remaining_millis / 60_000 {
        0 => td_string!(l, portal.reset.remaining_little).to_owned(),
        1 => td_string!(l, portal.reset.remaining_one).to_owned(),
        count => td_string!(l, portal.reset.remaining, count = count),
    };
    let back = format!("/devices/{}", device.id);
    view! {
        <section class="panel" aria-labelledby="step">
            <h2 id="step">{td_string!(l, portal.reset.step_2)}</h2>
            <h3>{td_string!(l, portal.reset.what)}</h3>
            <p class="effect">{effect_on(l, &device)}</p>
            <Question platform=device.platform online=device.online/>
            <div class="actions">
                <form method="post" action=ResetPasscode::PATH data-here>
                    <input type="hidden" name="device" value=device.id.to_string()/>
                    <button class="button button-first" type="submit">{td_string!(l, portal.reset.button)}</button>
                </form>
                <form method="get" action=back>
                    <button class="button button-quiet" type="submit">{td_string!(l, portal.reset.cancel)}</button>
                </form>
            </div>
            <p class="quiet">{remaining}</p>
            <PlatformTable/>
        </section>
    }
}

/// Said before, not after: a phone that hears nothing keeps its old passcode.
#[component]
fn Question(platform: Platform, online: bool) -> impl IntoView {
    let l = language();
    let iphone =
        (platform == Platform::Ios).then(|| view! { <p>{td_string!(l, portal.reset.question_ios)}</p> });
    let offline = (!online).then(|| view! { <p>{td_string!(l, portal.reset.question_offline)}</p> });
    view! {
        <div class="question">
            <h3>{td_string!(l, portal.reset.question)}</h3>
            <p>{td_string!(l, portal.reset.question_do)}</p>
            {iphone}
            {offline}
        </div>
    }
}

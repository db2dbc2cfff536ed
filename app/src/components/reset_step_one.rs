use domain::device::Device;
use domain::freshness::Purpose;
use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::words::language;

/// Step 1: why you are asked again, and the five minutes. "Sign out" opens the window on the server.
#[component]
pub fn StepOne(device: Device, purpose: Purpose) -> impl IntoView {
    let l = language();
    let id = device.id;
    let (value, title, why, then) = match purpose {
        Purpose::Reset => (
            "reset",
            td_string!(l, portal.reset.step_1),
            td_string!(l, portal.reset.why),
            td_string!(l, portal.reset.do_3),
        ),
        Purpose::Reveal => (
            "reveal",
            td_string!(l, portal.reset.step_reveal),
            td_string!(l, portal.reset.why_reveal),
            td_string!(l, portal.reset.do_3_reveal),
        ),
    };
    view! {
        <section class="panel" aria-labelledby="step">
            <h2 id="step">{title}</h2>
            <p>{why}</p>
            <ol class="steps">
                <li>{td_string!(l, portal.reset.do_1)}</li>
                <li>{td_string!(l, portal.reset.do_2)}</li>
                <li>{then}</li>
            </ol>
            <p class="quiet">{td_string!(l, portal.reset.not_that_phone)}</p>
            <div class="actions">
                <form method="post" action=format!("/devices/{id}/reset")>
                    <input type="hidden" name="purpose" value=value/>
                    <button class="button button-first" type="submit">{td_string!(l, portal.reset.sign_out)}</button>
                </form>
                <form method="get" action=format!("/devices/{id}")>
                    <button class="button button-quiet" type="submit">{td_string!(l, portal.reset.cancel)}</button>
                </form>
            </div>
        </section>
    }
}

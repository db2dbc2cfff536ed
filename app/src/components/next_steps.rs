use domain::device::Device;
use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::words::language;
use crate::words::platform::next_steps;

/// What to do on the device once it is reset.
#[component]
pub fn NextSteps(device: Device) -> impl IntoView {
    let l = language();
    let steps = next_steps(l, &device).into_iter().map(|step| view! { <li>{step}</li> }).collect_view();
    view! {
        <section class="panel" aria-labelledby="next">
            <h2 id="next">{td_string!(l, portal.steps.title)}</h2>
            <ol class="steps">{steps}</ol>
        </section>
    }
}

use domain::command::CommandState;
use domain::device::Capability;
use domain::portal::DeviceDetails;
use leptos::either::EitherOf3;
use leptos::prelude::*;
use leptos_i18n::td_string;

use super::device_card::Why;
use crate::words::language;

/// Whether the passcode can be reset now: the way to step 1, or the reason against. A reset of one's own that is under
/// way says so itself. After one that is done, another is not the first thing to do.
#[component]
pub fn ResetOffer(details: DeviceDetails) -> impl IntoView {
    let l = language();
    let last = details.last.map(|command| command.state);
    let mine = last.is_some_and(|state| !state.is_final());
    let class = if last == Some(CommandState::Done) { "button" } else { "button button-first" };
    let id = details.device.id;
    match (details.device.reset, details.under_way) {
        (Capability::Impossible(why), _) => EitherOf3::A(view! {
            <section class="panel" aria-labelledby="offer">
                <h2 id="offer">{td_string!(l, portal.device.no_reset)}</h2>
                <Why why/>
            </section>
        }),
        (Capability::Possible, true) => EitherOf3::B(view! {
            {(!mine).then(|| view! { <p class="panel">{td_string!(l, portal.device.under_way_other)}</p> })}
        }),
        (Capability::Possible, false) => EitherOf3::C(view! {
            <section class="panel" aria-labelledby="offer">
                <h2 id="offer">{td_string!(l, portal.device.reset_title)}</h2>
                <p>{td_string!(l, portal.device.reset_lead)}</p>
                <form method="get" action=format!("/devices/{id}/reset")>
                    <button class=class type="submit">{td_string!(l, portal.device.reset)}</button>
                </form>
            </section>
        }),
    }
}

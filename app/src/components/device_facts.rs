use domain::Timestamp;
use domain::device::Device;
use leptos::prelude::*;
use leptos_i18n::td_string;

use super::when::When;
use crate::words::language;
use crate::words::platform::platform_name;

#[component]
pub fn DeviceFacts(device: Device, as_of: Option<Timestamp>, now: Timestamp) -> impl IntoView {
    let l = language();
    let connection = match as_of {
        Some(_) => td_string!(l, portal.card.not_known),
        None if device.online => td_string!(l, portal.card.online),
        None => td_string!(l, portal.card.offline),
    };
    let kind = platform_name(l, device.platform);
    // Most systems name themselves; some MDMs tell only a number.
    let kind = (!device.system.contains(kind)).then(|| format!(" ({kind})"));
    view! {
        <section class="panel" aria-labelledby="facts">
            <h2 id="facts">{td_string!(l, portal.device.facts)}</h2>
            <dl class="facts">
                <dt>{td_string!(l, portal.card.model)}</dt>
                <dd>{device.model}</dd>
                <dt>{td_string!(l, portal.card.system)}</dt>
                <dd>{device.system} {kind}</dd>
                <dt>{td_string!(l, portal.card.connection)}</dt>
                <dd>{connection}</dd>
                <dt>{td_string!(l, portal.card.heard)}</dt>
                <dd><When at=device.last_seen now/></dd>
            </dl>
        </section>
    }
}

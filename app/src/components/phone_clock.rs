use domain::Timestamp;
use leptos::prelude::*;

use crate::served;
use crate::words::time::{clock, machine};

/// The time on the phone's screen: that of the organisation as the server draws it, the reader's own in a living page.
#[component]
pub fn PhoneClock(now: Timestamp) -> impl IntoView {
    // A screen reader that was told the time each second would tell nothing else.
    view! {
        <time class="handset-clock" aria-hidden="true" datetime=machine(now) data-at=now.0.to_string() data-clock>
            {clock(now, &served::zone())}
        </time>
    }
}

use domain::Timestamp;
use leptos::prelude::*;
use leptos_i18n::Locale as _;

use crate::browser;
use crate::live::use_clock;
use crate::words::language;
use crate::words::time::{exact, machine, relative};

/// "12 minutes ago", with the exact time behind it: in UTC as the server drew it, later in the browser's time zone too.
#[component]
pub fn When(
    at: Timestamp,
    /// The server's time when `at` was asked for.
    now: Timestamp,
) -> impl IntoView {
    let l = language();
    let clock = use_clock();
    let now = clock.from(now);
    let title = move || {
        let local = if clock.alive.get() { browser::local_time(at, l.as_str()) } else { None };
        local.map_or_else(|| exact(at), |local| format!("{local} · {}", exact(at)))
    };
    view! {
        <time datetime=machine(at) title=title>
            {move || relative(l, at, now())}
        </time>
    }
}

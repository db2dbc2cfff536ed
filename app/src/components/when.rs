use domain::Timestamp;
use leptos::prelude::*;

use crate::served;
use crate::words::language;
use crate::words::time::{exact, machine, relative};

/// "12 minutes ago", with the exact time behind it: in the organisation's time zone, and in a living page in the
/// browser's own too.
#[component]
pub fn When(
    at: Timestamp,
    /// The server's time when `at` was asked for.
    now: Timestamp,
) -> impl IntoView {
    let exact = exact(at, &served::zone());
    view! {
        <time datetime=machine(at) title=exact.clone() data-exact=exact data-at=at.0.to_string()>
            {relative(language(), at, now)}
        </time>
    }
}

use domain::Timestamp;
use leptos::prelude::*;

use crate::words::language;
use crate::words::time::{exact, machine, relative};

/// "12 minutes ago", with the exact time behind it: in UTC as the server draws it, in a living page in the browser's own
/// time zone too.
#[component]
pub fn When(
    at: Timestamp,
    /// The server's time when `at` was asked for.
    now: Timestamp,
) -> impl IntoView {
    view! {
        <time datetime=machine(at) title=exact(at) data-at=at.0.to_string()>
            {relative(language(), at, now)}
        </time>
    }
}

use domain::Timestamp;
use leptos::prelude::*;
use leptos_i18n::td_string;

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

/// What is shown is older, because an MDM says nothing now.
#[component]
pub fn AsOf(as_of: Option<Timestamp>, now: Timestamp) -> impl IntoView {
    as_of.map(|at| {
        view! { <p class="as-of">{td_string!(language(), portal.card.as_of)} " " <When at now/> "."</p> }
    })
}

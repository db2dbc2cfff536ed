use leptos::prelude::*;
use leptos_meta::Meta;

use crate::served;

/// For a page with times: when it was drawn, from where they count on. A page without them does not say it, so that a device
/// of somebody else and one that never was are the same page.
#[component]
pub fn Drawn() -> impl IntoView {
    served::drawn().map(|drawn| view! { <Meta name="now" content=drawn.0.to_string()/> })
}

/// For a page that is asked for anew when something has changed, and after so many milliseconds at the latest, if at all.
#[component]
pub fn Live(#[prop(optional)] every_millis: &'static str) -> impl IntoView {
    view! {
        <Drawn/>
        <Meta name="live" content=every_millis/>
    }
}

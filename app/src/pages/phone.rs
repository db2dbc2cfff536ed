use leptos::prelude::*;

#[component]
pub fn PhonePage() -> impl IntoView {}

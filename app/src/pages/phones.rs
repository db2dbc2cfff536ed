use leptos::prelude::*;

#[component]
pub fn PhonesPage() -> impl IntoView {}

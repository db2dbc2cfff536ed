use domain::Refusal;
use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_meta::Title;

use crate::components::help::WhomToAsk;
use crate::served;
use crate::words::language;

#[component]
pub fn NotFoundPage() -> impl IntoView {
    let l = language();
    served::answer_with(Refusal::NotFound);
    view! {
        <Title text=td_string!(l, portal.not_found.title)/>
        <h1>{td_string!(l, portal.not_found.title)}</h1>
        <p>{td_string!(l, portal.not_found.lead)}</p>
        <WhomToAsk/>
        <p><a class="link" href="/devices">{td_string!(l, portal.refusal.overview_link)}</a></p>
    }
}

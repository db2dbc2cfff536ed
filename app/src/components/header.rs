use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_router::components::A;

use super::bell::Bell;
use super::shell::use_shell;
use crate::api::shell::{Me, Shell};
use crate::live::use_live;
use crate::words::language;

/// Organisation, Devices, Contact IT, the flag, the person and Sign out. Nothing else.
#[component]
pub fn PageHeader() -> impl IntoView {
    let l = language();
    let shell = use_shell();
    view! {
        <a class="skip" href="#content" rel="external">{td_string!(l, portal.app.skip)}</a>
        <header class="top">
            <Suspense>
                {move || Suspend::new(async move {
                    let (organisation, me) = match shell.await {
                        Ok(Shell { site, me }) => (site.organisation, me),
                        Err(_) => (String::from("Latchkey"), None),
                    };
                    view! { <Bar organisation me/> }
                })}
            </Suspense>
        </header>
    }
}

#[component]
fn Bar(organisation: String, me: Option<Me>) -> impl IntoView {
    let l = language();
    let live = use_live();
    if let Some(me) = &me {
        live.start_from(me);
        Effect::new(move || live.listen());
    }
    let signed_in = me.is_some();
    let here = move || signed_in && !live.signed_out.get();
    view! {
        <div class="top-bar">
            // A stranger is sent on by the server, to the sign-in page.
            <a class="top-name" href="/devices" rel=(!signed_in).then_some("external")>{organisation}</a>
            <nav class="top-nav" aria-label=td_string!(l, portal.nav.label)>
                <Show when=here>
                    <A href="/devices" {..} class="top-link">{td_string!(l, portal.nav.devices)}</A>
                </Show>
                <A href="/contact" {..} class="top-link">{td_string!(l, portal.nav.contact)}</A>
            </nav>
            {me.map(|me| view! { <Myself name=me.name/> })}
        </div>
    }
}

#[component]
fn Myself(name: String) -> impl IntoView {
    let l = language();
    let live = use_live();
    view! {
        <div class="top-me" hidden=move || live.signed_out.get()>
            <a class="top-link top-person" href="/account">{name}</a>
            <form class="top-out" method="post" action="/sign-out">
                <button type="submit" class="button button-quiet">{td_string!(l, portal.nav.sign_out)}</button>
            </form>
            <Bell/>
        </div>
    }
}

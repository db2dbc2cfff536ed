use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_router::components::A;

use super::shell::use_shell;
use crate::api::shell::{Me, Shell};
use crate::islands::bell::Bell;
use crate::site::LOGO;
use crate::words::language;

/// Organisation, Devices, Contact IT, the flag, the person and Sign out. Nothing else.
#[component]
pub fn PageHeader() -> impl IntoView {
    let l = language();
    let shell = use_shell();
    view! {
        <a class="skip" href="#content">{td_string!(l, portal.app.skip)}</a>
        <header class="top">
            <Suspense>
                {move || Suspend::new(async move {
                    let (organisation, logo, me) = match shell.await {
                        Ok(Shell { site, me }) => (site.organisation, site.logo, me),
                        Err(_) => (String::from("Latchkey"), false, None),
                    };
                    view! { <Bar organisation logo me/> }
                })}
            </Suspense>
        </header>
    }
}

#[component]
fn Bar(organisation: String, logo: bool, me: Option<Me>) -> impl IntoView {
    let l = language();
    let devices = me.is_some().then(|| {
        view! {
            <A href="/devices" {..} class="top-link">{td_string!(l, portal.nav.devices)}</A>
        }
    });
    view! {
        <div class="top-bar">
            // A stranger is sent on by the server, to the sign-in page.
            <a class="top-name" href="/devices">
                // The name beside it says what it shows.
                {logo.then(|| view! { <img class="top-logo" src=LOGO alt="" height="32"/> })}
                {organisation}
            </a>
            <nav class="top-nav" aria-label=td_string!(l, portal.nav.label)>
                {devices}
                <A href="/contact" {..} class="top-link">{td_string!(l, portal.nav.contact)}</A>
            </nav>
            {me.map(|me| view! { <Myself me/> })}
        </div>
    }
}

#[component]
fn Myself(me: Me) -> impl IntoView {
    let l = language();
    view! {
        <div class="top-me" data-own>
            <a class="top-link top-person" href="/account">{me.name}</a>
            <form class="top-out" method="post" action="/sign-out">
                <button type="submit" class="button button-quiet">{td_string!(l, portal.nav.sign_out)}</button>
            </form>
            <Bell l unread=me.unread cursor=me.cursor/>
        </div>
    }
}

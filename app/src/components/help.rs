use leptos::prelude::*;
use leptos_i18n::td_string;

use super::shell::use_shell;
use crate::site::Contact;
use crate::words::language;

/// Whom to ask, and how to reach them.
#[component]
pub fn WhomToAsk() -> impl IntoView {
    let l = language();
    let shell = use_shell();
    view! {
        <p class="ask">
            <span>{td_string!(l, portal.help.ask)}</span>
            " "
            <Suspense>
                {move || Suspend::new(async move {
                    let contact = shell.await.map(|shell| shell.site.contact).unwrap_or_default();
                    view! { <Reach contact/> }
                })}
            </Suspense>
        </p>
    }
}

/// At the end of a page on which something may have gone otherwise than told.
#[component]
pub fn StillNeedHelp() -> impl IntoView {
    let l = language();
    view! {
        <section class="panel" aria-labelledby="help">
            <h2 id="help">{td_string!(l, portal.help.still)}</h2>
            <WhomToAsk/>
            <p><a class="link" href="/contact">{td_string!(l, portal.help.all_ways)}</a></p>
        </section>
    }
}

#[component]
fn Reach(contact: Contact) -> impl IntoView {
    let l = language();
    let Contact { name, phone, email, .. } = contact;
    let nobody = (name.is_empty() && phone.is_empty() && email.is_empty())
        .then(|| view! { <span>{td_string!(l, portal.help.nobody)}</span> });
    let name = (!name.is_empty()).then(|| view! { <span class="ask-way">{name}</span> });
    view! {
        {nobody}
        {name}
        <PhoneLink phone/>
        <EmailLink email/>
    }
}

#[component]
pub fn PhoneLink(phone: String) -> impl IntoView {
    let dialled: String = phone.chars().filter(|sign| sign.is_ascii_digit() || *sign == '+').collect();
    (!phone.is_empty()).then(|| view! { <a class="link ask-way" href=format!("tel:{dialled}")>{phone}</a> })
}

#[component]
pub fn EmailLink(email: String) -> impl IntoView {
    (!email.is_empty())
        .then(|| view! { <a class="link ask-way" href=format!("mailto:{email}")>{email.clone()}</a> })
}

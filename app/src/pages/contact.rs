use leptos::either::Either;
use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_meta::Title;

use crate::components::help::{EmailLink, PhoneLink};
use crate::components::refused::PageRefused;
use crate::components::shell::use_shell;
use crate::site::Contact;
use crate::words::language;

#[component]
pub fn ContactPage() -> impl IntoView {
    let shell = use_shell();
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match shell.await {
                    Ok(shell) => Either::Left(view! { <Helpdesk contact=shell.site.contact/> }),
                    Err(error) => Either::Right(view! { <PageRefused refusal=error.0/> }),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Helpdesk(contact: Contact) -> impl IntoView {
    let l = language();
    let title = td_string!(l, portal.contact.title);
    let nothing = contact == Contact::default();
    let Contact { name, phone, email, website, notes } = contact;
    let website_link = view! { <a class="link" href=website.clone()>{website.clone()}</a> };
    let facts = view! {
        <dl class="facts">
            {fact(td_string!(l, portal.contact.name), &name, name.clone())}
            {fact(td_string!(l, portal.contact.phone), &phone, view! { <PhoneLink phone=phone.clone()/> })}
            {fact(td_string!(l, portal.contact.email), &email, view! { <EmailLink email=email.clone()/> })}
            {fact(td_string!(l, portal.contact.website), &website, website_link)}
            {fact(td_string!(l, portal.contact.notes), &notes, notes.clone())}
        </dl>
    };
    view! {
        <Title text=title/>
        <h1>{title}</h1>
        {if nothing {
            Either::Left(view! { <p>{td_string!(l, portal.contact.none)}</p> })
        } else {
            Either::Right(view! {
                <p class="lead">{td_string!(l, portal.contact.lead)}</p>
                <div class="panel">{facts}</div>
            })
        }}
    }
}

/// What the operator left empty is not shown.
fn fact<V: IntoView>(name: &'static str, text: &str, value: V) -> Option<impl IntoView + use<V>> {
    (!text.is_empty()).then(|| {
        view! {
            <dt>{name}</dt>
            <dd>{value}</dd>
        }
    })
}

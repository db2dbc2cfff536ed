use domain::Timestamp;
use leptos::either::EitherOf3;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_i18n::td_string;

use super::passkey_form::{Ceremony, PasskeyForm};
use super::when::When;
use crate::api::account::ShownPasskey;
use crate::api::remove_passkey::RemovePasskey;
use crate::visitor::{PasskeysHere, visitor};
use crate::words::browser::browser_words;
use crate::words::language;

#[component]
pub fn PasskeyList(list: Vec<ShownPasskey>, now: Timestamp) -> impl IntoView {
    let l = language();
    let none = list.is_empty().then(|| view! { <p>{td_string!(l, portal.passkey.none)}</p> });
    let items = list.into_iter().map(|one| view! { <One one now/> }).collect_view();
    let add = match visitor().passkeys {
        PasskeysHere::Possible => EitherOf3::A(view! { <Add/> }),
        PasskeysHere::OnlyAt(address) => {
            let account = format!("{address}/account");
            EitherOf3::B(view! {
                <p>{td_string!(l, portal.passkey.only_at)} " " <a class="link" href=account>{address}</a></p>
            })
        }
        PasskeysHere::Impossible => EitherOf3::C(view! { <p>{td_string!(l, portal.passkey.impossible)}</p> }),
    };
    view! {
        <section class="panel" aria-labelledby="passkeys">
            <h2 id="passkeys">{td_string!(l, portal.passkey.title)}</h2>
            <p>{td_string!(l, portal.passkey.what)}</p>
            {none}
            <ul class="sessions">{items}</ul>
            {add}
        </section>
    }
}

#[component]
fn One(one: ShownPasskey, now: Timestamp) -> impl IntoView {
    let l = language();
    let ShownPasskey { id, agent, added_at, used_at } = one;
    let used = used_at.map(|at| view! { ", " {td_string!(l, portal.account.used)} " " <When at now/> });
    view! {
        <li class="session" id=format!("passkey-{id}")>
            <div>
                <p class="session-browser">{browser_words(l, &agent)}</p>
                <p class="quiet">{td_string!(l, portal.passkey.added)} " " <When at=added_at now/> {used}</p>
            </div>
            <form method="post" action=RemovePasskey::PATH data-here>
                <input type="hidden" name="passkey" value=id.to_string()/>
                <button class="button button-quiet" type="submit">{td_string!(l, portal.passkey.remove)}</button>
            </form>
        </li>
    }
}

#[component]
fn Add() -> impl IntoView {
    let l = language();
    view! {
        <div class="passkey-place">
        <p class="without-passkeys">{td_string!(l, portal.passkey.needs)}</p>
        <PasskeyForm ceremony=Ceremony::Create begin="/account/passkeys/begin" action="/account/passkeys">
            <p class="field">
                <label for="passkey-current">{td_string!(l, portal.passkey.current)}</label>
                <input id="passkey-current" name="current" type="password" autocomplete="current-password" required/>
            </p>
            <button class="button button-first" type="submit">{td_string!(l, portal.passkey.add)}</button>
        </PasskeyForm>
        </div>
    }
}

use domain::Timestamp;
use leptos::either::Either;
use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api::account::{Keys, account};
use crate::api::shell::Me;
use crate::api::what_happened::what_happened;
use crate::components::happened_list::HappenedList;
use crate::components::live::Drawn;
use crate::components::notice::Notice;
use crate::components::passkey_list::PasskeyList;
use crate::components::password_form::PasswordForm;
use crate::components::recovery_codes::RecoveryCodeList;
use crate::components::refused::PageRefused;
use crate::components::session_list::SessionList;
use crate::components::shell::use_shell;
use crate::words::language;

#[component]
pub fn AccountPage() -> impl IntoView {
    let l = language();
    let query = use_query_map();
    let told = |what: &str| query.read_untracked().get(what).is_some();
    let changed = told("changed").then(|| td_string!(l, portal.account.changed));
    let added = told("passkey").then(|| td_string!(l, portal.passkey.was_added));
    let shell = use_shell();
    view! {
        <Title text=td_string!(l, portal.account.title)/>
        <h1>{td_string!(l, portal.account.title)}</h1>
        {changed.or(added).map(|what| view! { <Notice good=true what do_now=""/> })}
        <Suspense>
            {move || Suspend::new(async move {
                let me = shell.await.ok().and_then(|shell| shell.me);
                me.map(|me| view! { <Myself me/> })
            })}
        </Suspense>
        <SignedIn/>
        <WhatHappened/>
    }
}

#[component]
fn Myself(me: Me) -> impl IntoView {
    let words = td_string!(language(), portal.account.signed_in_as, name = me.name, user = me.user_name);
    view! { <p class="lead">{words}</p> }
}

#[component]
fn SignedIn() -> impl IntoView {
    let l = language();
    let all = Resource::new_blocking(|| (), |()| account());
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match all.await {
                    Err(error) => Either::Right(view! { <PageRefused refusal=error.0/> }),
                    Ok(all) => Either::Left(view! {
                        <Drawn/>
                        {all.keys.map(|keys| view! { <OwnKeys keys now=all.now/> })}
                        <section class="panel" aria-labelledby="sessions">
                            <h2 id="sessions">{td_string!(l, portal.account.sessions_title)}</h2>
                            <SessionList list=all.sessions now=all.now/>
                        </section>
                    }),
                }
            })}
        </Suspense>
    }
}

/// What opens an account of the portal itself.
#[component]
fn OwnKeys(keys: Keys, now: Timestamp) -> impl IntoView {
    view! {
        <PasswordForm/>
        <PasskeyList list=keys.passkeys now/>
        <RecoveryCodeList left=keys.recovery_codes_left/>
    }
}

#[component]
fn WhatHappened() -> impl IntoView {
    let l = language();
    let all = Resource::new_blocking(|| (), |()| what_happened());
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                let told = match all.await {
                    Err(error) => Either::Right(view! { <PageRefused refusal=error.0/> }),
                    Ok(all) => Either::Left(view! { <HappenedList list=all.list now=all.now/> }),
                };
                view! {
                    <section class="panel" aria-labelledby="happened">
                        <h2 id="happened">{td_string!(l, portal.account.happened_title)}</h2>
                        <p class="quiet">{td_string!(l, portal.account.happened_hint)}</p>
                        {told}
                    </section>
                }
            })}
        </Suspense>
    }
}

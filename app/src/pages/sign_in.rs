use domain::freshness::Purpose;
use domain::sign_in::Countdown;
use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api::countdown::countdown;
use crate::components::demo_accounts::DemoAccounts;
use crate::components::notice::Notice;
use crate::components::passkey_form::{Ceremony, PasskeyForm};
use crate::components::provider_list::ProviderList;
use crate::components::shell::use_shell;
use crate::components::sign_in_form::SignInForm;
use crate::islands::countdown::CountdownView;
use crate::served;
use crate::site::Site;
use crate::visitor::{PasskeysHere, visitor};
use crate::words::language;

/// Why the person stands here, as the server says in the address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    WrongCredentials,
    FreshSignInNeeded,
    SessionEnded,
}

impl Reason {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "credentials" => Some(Self::WrongCredentials),
            "fresh" => Some(Self::FreshSignInNeeded),
            "signed-out" => Some(Self::SessionEnded),
            _ => None,
        }
    }
}

#[component]
pub fn SignInPage() -> impl IntoView {
    let query = use_query_map();
    let reason = move || query.read_untracked().get("refused").and_then(|text| Reason::parse(&text));
    let window = Resource::new_blocking(|| (), |()| countdown());
    let shell = use_shell();
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                // A window that cannot be read is no reason to keep anybody from signing in.
                let window = window.await.ok().flatten();
                let site = shell.await.ok().map(|shell| shell.site);
                let with_password = served::has_passwords().await;
                view! { <SignIn window reason=reason() site with_password/> }
            })}
        </Suspense>
    }
}

#[component]
fn SignIn(
    window: Option<Countdown>,
    reason: Option<Reason>,
    site: Option<Site>,
    /// Somebody could sign in with a password of ours.
    with_password: bool,
) -> impl IntoView {
    let l = language();
    let counting = window.is_some();
    let (providers, demo) = site.map(|site| (site.providers, site.demo)).unwrap_or_default();
    let with_password = with_password || providers.is_empty();
    let or = (with_password && !providers.is_empty())
        .then(|| view! { <h2>{td_string!(l, portal.sign_in.or)}</h2> });
    let title = match window.map(|window| window.purpose) {
        None => td_string!(l, portal.sign_in.title),
        Some(Purpose::Reset) => td_string!(l, portal.countdown.title_reset),
        Some(Purpose::Reveal) => td_string!(l, portal.countdown.title_reveal),
    };
    view! {
        <Title text=title/>
        <div class="sign-in">
            <h1>{title}</h1>
            {why(reason)}
            {window.map(|start| view! { <CountdownView l start/> })}
            <ProviderList providers counting/>
            {or}
            {with_password
                .then(|| view! { <SignInForm wrong=reason == Some(Reason::WrongCredentials) counting/> })}
            {(with_password && visitor().passkeys == PasskeysHere::Possible)
                .then(|| view! { <UsePasskey counting/> })}
            {demo.then(|| view! { <DemoAccounts/> })}
        </div>
    }
}

#[component]
fn UsePasskey(counting: bool) -> impl IntoView {
    let l = language();
    view! {
        <PasskeyForm ceremony=Ceremony::Get begin="/sign-in/passkey/begin" action="/sign-in/passkey">
            <button class="button button-quiet" type="submit" aria-describedby=counting.then_some("not-that-phone")>
                {td_string!(l, portal.passkey.use_one)}
            </button>
            {counting
                .then(|| view! { <p class="quiet" id="not-that-phone">{td_string!(l, portal.passkey.not_that_phone)}</p> })}
        </PasskeyForm>
    }
}

/// What was wrong with the fields stands beside them instead.
fn why(reason: Option<Reason>) -> Option<impl IntoView> {
    let l = language();
    let (what, do_now) = match reason? {
        Reason::WrongCredentials => return None,
        Reason::FreshSignInNeeded => {
            (td_string!(l, portal.sign_in.fresh), td_string!(l, portal.sign_in.fresh_do))
        }
        Reason::SessionEnded => (td_string!(l, portal.sign_in.ended), td_string!(l, portal.sign_in.ended_do)),
    };
    Some(view! { <Notice what do_now/> })
}

use domain::Timestamp;
use domain::account::SignedIn;
use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_i18n::td_string;

use super::when::When;
use crate::api::end_session::EndSession;
use crate::words::browser::browser_words;
use crate::words::language;

#[component]
pub fn SessionList(list: Vec<SignedIn>, now: Timestamp) -> impl IntoView {
    let items = list.into_iter().map(|session| view! { <Session session now/> }).collect_view();
    view! { <ul class="sessions">{items}</ul> }
}

#[component]
fn Session(session: SignedIn, now: Timestamp) -> impl IntoView {
    let l = language();
    let SignedIn { session, agent, signed_in_at, last_used_at, this_one } = session;
    let action = if this_one {
        Either::Left(view! { <p class="chip chip-good">{td_string!(l, portal.account.this_one)}</p> })
    } else {
        Either::Right(view! {
            <form method="post" action=EndSession::PATH data-here>
                <input type="hidden" name="session" value=session.0.to_string()/>
                <button class="button button-quiet" type="submit">{td_string!(l, portal.account.end)}</button>
            </form>
        })
    };
    view! {
        <li class="session" id=format!("session-{}", session.0)>
            <div>
                <p class="session-browser">{browser_words(l, &agent)}</p>
                <p class="quiet">
                    {td_string!(l, portal.account.since)} " " <When at=signed_in_at now/> ", "
                    {td_string!(l, portal.account.used)} " " <When at=last_used_at now/>
                </p>
            </div>
            {action}
        </li>
    }
}

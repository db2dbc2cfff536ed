use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_router::hooks::use_location;

use super::refused::Refused;
use crate::browser;
use crate::live::use_live;
use crate::served;
use crate::words::language;

/// The one `main`: what the server refused stands at its top, and it is emptied when the session ends elsewhere.
#[component]
pub fn Frame(children: Children) -> impl IntoView {
    let live = use_live();
    let refused = served::refused();
    focus_new_pages();
    view! {
        <main id="content" class="content" tabindex="-1">
            {refused.map(|refusal| view! { <Refused refusal/> })}
            <Show when=move || live.signed_out.get()>
                <SignedOutElsewhere/>
            </Show>
            <div class="page" hidden=move || live.signed_out.get()>
                {children()}
            </div>
        </main>
    }
}

#[component]
fn SignedOutElsewhere() -> impl IntoView {
    let l = language();
    view! {
        <div class="notice notice-problem" role="alert">
            <h1 class="notice-what">{td_string!(l, portal.live.signed_out)}</h1>
            <p>{td_string!(l, portal.live.signed_out_do)}</p>
            <p>
                <a class="link" href="/sign-in" rel="external">
                    {td_string!(l, portal.live.signed_out_link)}
                </a>
            </p>
        </div>
    }
}

/// After a link was followed without a page load, a screen reader and the Tab key begin at the new page.
fn focus_new_pages() {
    let path = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let path = path.get();
        if before.is_some_and(|before| before != path) {
            browser::focus("content");
        }
        path
    });
}

use domain::Refusal;
use leptos::prelude::*;
use leptos_i18n::td_string;

use super::refused::Refused;
use crate::served;
use crate::words::language;

/// The one `main`: what the server refused stands at its top. What only a living page has to say waits there unseen.
#[component]
pub fn Frame(children: Children) -> impl IntoView {
    let refused = served::refused();
    view! {
        <main id="content" class="content" tabindex="-1">
            {refused.map(|refusal| view! { <Refused refusal/> })}
            <div hidden data-unreached>
                <Refused refusal=Refusal::Unavailable/>
            </div>
            <SignedOutElsewhere/>
            <div class="page" data-own>
                {children()}
            </div>
        </main>
    }
}

#[component]
fn SignedOutElsewhere() -> impl IntoView {
    let l = language();
    view! {
        <div class="notice notice-problem" role="alert" hidden data-signed-out>
            <h1 class="notice-what">{td_string!(l, portal.live.signed_out)}</h1>
            <p>{td_string!(l, portal.live.signed_out_do)}</p>
            <p>
                <a class="link" href="/sign-in">
                    {td_string!(l, portal.live.signed_out_link)}
                </a>
            </p>
        </div>
    }
}

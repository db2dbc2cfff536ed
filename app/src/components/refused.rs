use domain::Refusal;
use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_meta::Title;

use super::help::WhomToAsk;
use super::notice::Notice;
use crate::served;
use crate::words::language;
use crate::words::refusal::refusal_words;

/// A refusal beside what caused it: what happened, what to do now, whom to ask.
#[component]
pub fn Refused(refusal: Refusal) -> impl IntoView {
    let words = refusal_words(language(), refusal);
    view! {
        <Notice what=words.what do_now=words.do_now>
            <WhomToAsk/>
        </Notice>
    }
}

/// A refusal instead of a page.
#[component]
pub fn PageRefused(refusal: Refusal) -> impl IntoView {
    let l = language();
    served::answer_with(refusal);
    let words = refusal_words(l, refusal);
    let (href, link) = if refusal == Refusal::NotSignedIn {
        ("/sign-in", td_string!(l, portal.refusal.sign_in_link))
    } else {
        ("/devices", td_string!(l, portal.refusal.overview_link))
    };
    view! {
        <Title text=words.what/>
        <h1>{words.what}</h1>
        <p>{words.do_now}</p>
        <WhomToAsk/>
        <p><a class="link" href=href>{link}</a></p>
    }
}

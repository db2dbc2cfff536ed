use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::visitor::{RecoveryCodes, visitor};
use crate::words::language;

#[component]
pub fn RecoveryCodeList(left: u32) -> impl IntoView {
    let l = language();
    let words = match left {
        0 => td_string!(l, portal.recovery.none).to_owned(),
        1 => td_string!(l, portal.recovery.left_one).to_owned(),
        left => td_string!(l, portal.recovery.left, count = left),
    };
    view! {
        <section class="panel recovery" aria-labelledby="recovery">
            <h2 id="recovery">{td_string!(l, portal.recovery.title)}</h2>
            <p>{td_string!(l, portal.recovery.what)}</p>
            {visitor().recovery_codes.map(|codes| view! { <New codes/> })}
            <p>{words}</p>
            <form method="post" action="/account/recovery-codes" data-here>
                <p class="field">
                    <label for="recovery-current">{td_string!(l, portal.recovery.current)}</label>
                    <input id="recovery-current" name="current" type="password" autocomplete="current-password" required/>
                </p>
                <button class="button button-quiet" type="submit">{td_string!(l, portal.recovery.make)}</button>
            </form>
        </section>
    }
}

/// In this one answer.
#[component]
fn New(codes: RecoveryCodes) -> impl IntoView {
    let l = language();
    let items = codes.0.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view();
    view! {
        <div class="notice notice-good" role="status">
            <p class="notice-what">{td_string!(l, portal.recovery.new)}</p>
            <p>{td_string!(l, portal.recovery.new_do)}</p>
            <ul class="recovery-codes">{items}</ul>
        </div>
    }
}

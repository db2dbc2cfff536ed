use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::words::language;

/// What a browser does with a passkey.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ceremony {
    Create,
    Get,
}

/// Shown where the browser can do it (`live/passkeys.rs`), which asks at `begin` and posts what the passkey answered.
#[component]
pub fn PasskeyForm(
    ceremony: Ceremony,
    begin: &'static str,
    action: &'static str,
    children: Children,
) -> impl IntoView {
    let name = if ceremony == Ceremony::Create { "create" } else { "get" };
    let failed = td_string!(language(), portal.passkey.failed);
    view! {
        <form class="passkey-form" method="post" action=action data-passkey=name data-begin=begin>
            <input type="hidden" name="ticket"/>
            <input type="hidden" name="answer"/>
            {children()}
            <p class="field-problem" role="alert" data-failed=failed></p>
        </form>
    }
}

use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::browser;
use crate::i18n::Locale;

/// Appears with WebAssembly, which alone can do it. Reads what it copies from the page, so that the passcode stands in
/// one place only.
#[island]
pub fn Copy(l: Locale, from: String) -> impl IntoView {
    let alive = RwSignal::new(false);
    Effect::new(move || alive.set(true));
    let copied = RwSignal::new(false);
    let copy = move |_| {
        browser::copy(&browser::text_of(&from));
        copied.set(true);
    };
    let said = move || if copied.get() { td_string!(l, portal.passcode.copied) } else { "" };
    view! {
        <p class="copy" hidden=move || !alive.get()>
            <button class="button button-quiet" type="button" on:click=copy>
                {td_string!(l, portal.passcode.copy)}
            </button>
            <span aria-live="polite">{said}</span>
        </p>
    }
}

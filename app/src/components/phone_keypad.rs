use leptos::html;
use leptos::prelude::*;

use crate::i18n::{t_string, use_i18n};

const KEYS: [&str; 10] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"];

/// Types into the field. Dead until it can, which is never without WebAssembly: the field is there for that.
#[component]
pub fn PhoneKeypad(field: NodeRef<html::Input>) -> impl IntoView {
    let i18n = use_i18n();
    let alive = RwSignal::new(false);
    Effect::new(move || alive.set(true));
    let change = move |edit: &dyn Fn(&mut String)| {
        if let Some(field) = field.get_untracked() {
            let mut typed = field.value();
            edit(&mut typed);
            field.set_value(&typed);
        }
    };
    let keys = KEYS.map(|key| {
        view! {
            <button
                type="button"
                class="keypad-key"
                disabled=move || !alive.get()
                on:click=move |_| change(&|typed| typed.push_str(key))
            >
                {key}
            </button>
        }
    });
    view! {
        <div class="keypad">
            {keys.into_iter().collect_view()}
            <button
                type="button"
                class="keypad-key keypad-delete"
                aria-label=move || t_string!(i18n, phones.delete_key)
                disabled=move || !alive.get()
                on:click=move |_| change(&|typed| { typed.pop(); })
            >
                <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
                    <path d="M9 5h11v14H9l-6-7zM12 9l5 6m0-6l-5 6" fill="none" stroke-width="2"/>
                </svg>
            </button>
        </div>
    }
}

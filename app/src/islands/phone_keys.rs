use domain::device::Platform;
use leptos::either::Either;
use leptos::prelude::*;

use crate::browser;

/// For fingers and the mouse, in the shape the platform is known by: digits in a block, or a keyboard. It types into
/// the field, which a screen reader and a real keyboard use themselves, so for them these keys are not there. They are
/// dead until they can type, which is never without WebAssembly.
#[island]
pub fn PhoneKeys(
    platform: Platform,
    /// The id of the field they type into.
    field: String,
) -> impl IntoView {
    let keys =
        Keys { alive: RwSignal::new(false), shift: RwSignal::new(false), field: StoredValue::new(field) };
    Effect::new(move || keys.alive.set(true));
    if has_keypad(platform) {
        let digits = "123456789".chars().map(|key| view! { <Key key keys/> }).collect_view();
        Either::Left(view! {
            <div class="keypad" aria-hidden="true">
                {digits}
                <span></span>
                <Key key='0' keys/>
                <Delete keys/>
            </div>
        })
    } else {
        let row = |signs: &str| signs.chars().map(|key| view! { <Key key keys/> }).collect_view();
        Either::Right(view! {
            <div class="keyboard" aria-hidden="true">
                <div class="keyboard-row">{row("1234567890")}</div>
                <div class="keyboard-row">{row("qwertyuiop")}</div>
                <div class="keyboard-row">{row("asdfghjkl")}</div>
                <div class="keyboard-row">
                    <Shift keys/>
                    {row("zxcvbnm")}
                    <Delete keys/>
                </div>
            </div>
        })
    }
}

const fn has_keypad(platform: Platform) -> bool {
    matches!(platform, Platform::Ios | Platform::WindowsPhone81)
}

#[derive(Clone, Copy)]
struct Keys {
    alive: RwSignal<bool>,
    shift: RwSignal<bool>,
    field: StoredValue<String>,
}

impl Keys {
    fn edit(self, change: impl FnOnce(&mut String)) {
        self.field.with_value(|field| browser::edit(field, change));
    }
}

#[component]
fn Key(key: char, keys: Keys) -> impl IntoView {
    let sign = move || if keys.shift.get() { key.to_ascii_uppercase() } else { key };
    let press = move |_| {
        keys.edit(|typed| typed.push(untrack(sign)));
        keys.shift.set(false);
    };
    view! {
        <button type="button" class="key" tabindex="-1" disabled=move || !keys.alive.get() on:click=press>
            {move || sign().to_string()}
        </button>
    }
}

#[component]
fn Shift(keys: Keys) -> impl IntoView {
    view! {
        <button
            type="button"
            class="key key-wide"
            class:key-held=keys.shift
            tabindex="-1"
            disabled=move || !keys.alive.get()
            on:click=move |_| keys.shift.update(|held| *held = !*held)
        >
            <svg viewBox="0 0 24 24" width="20" height="20" focusable="false">
                <path d="M12 4l8 9h-4v6H8v-6H4z" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round"></path>
            </svg>
        </button>
    }
}

#[component]
fn Delete(keys: Keys) -> impl IntoView {
    let press = move |_| {
        keys.edit(|typed| {
            typed.pop();
        });
    };
    view! {
        <button type="button" class="key key-wide" tabindex="-1" disabled=move || !keys.alive.get() on:click=press>
            <svg viewBox="0 0 24 24" width="22" height="22" focusable="false">
                <path d="M9 5h11v14H9l-6-7zM12 9l5 6m0-6l-5 6" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round"></path>
            </svg>
        </button>
    }
}

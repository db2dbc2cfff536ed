use domain::device::Platform;
use leptos::html::Input;
use leptos::prelude::*;

use crate::live::use_clock;

/// For fingers and the mouse, in the shape the platform is known by: digits in a block, or a keyboard. It types into
/// the field, which a screen reader and a real keyboard use themselves, so for them these keys are not there. They are
/// dead until they can type, which is never without WebAssembly.
#[component]
pub fn PhoneKeys(platform: Platform, field: NodeRef<Input>) -> impl IntoView {
    let shift = RwSignal::new(false);
    if has_keypad(platform) {
        let keys = "123456789".chars().map(|key| view! { <Key key field shift/> }).collect_view();
        view! {
            <div class="keypad" aria-hidden="true">
                {keys}
                <span></span>
                <Key key='0' field shift/>
                <Delete field/>
            </div>
        }
        .into_any()
    } else {
        let row = |keys: &str| keys.chars().map(|key| view! { <Key key field shift/> }).collect_view();
        view! {
            <div class="keyboard" aria-hidden="true">
                <div class="keyboard-row">{row("1234567890")}</div>
                <div class="keyboard-row">{row("qwertyuiop")}</div>
                <div class="keyboard-row">{row("asdfghjkl")}</div>
                <div class="keyboard-row">
                    <Shift shift/>
                    {row("zxcvbnm")}
                    <Delete field/>
                </div>
            </div>
        }
        .into_any()
    }
}

const fn has_keypad(platform: Platform) -> bool {
    matches!(platform, Platform::Ios | Platform::WindowsPhone81)
}

#[component]
fn Key(key: char, field: NodeRef<Input>, shift: RwSignal<bool>) -> impl IntoView {
    let alive = use_clock().alive;
    let sign = move || if shift.get() { key.to_ascii_uppercase() } else { key };
    let press = move |_| {
        edit(field, |typed| typed.push(sign()));
        shift.set(false);
    };
    view! {
        <button type="button" class="key" tabindex="-1" disabled=move || !alive.get() on:click=press>
            {move || sign().to_string()}
        </button>
    }
}

#[component]
fn Shift(shift: RwSignal<bool>) -> impl IntoView {
    let alive = use_clock().alive;
    view! {
        <button
            type="button"
            class="key key-wide"
            class:key-held=shift
            tabindex="-1"
            disabled=move || !alive.get()
            on:click=move |_| shift.update(|held| *held = !*held)
        >
            <svg viewBox="0 0 24 24" width="20" height="20" focusable="false">
                <path d="M12 4l8 9h-4v6H8v-6H4z" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round"></path>
            </svg>
        </button>
    }
}

#[component]
fn Delete(field: NodeRef<Input>) -> impl IntoView {
    let alive = use_clock().alive;
    let press = move |_| {
        edit(field, |typed| {
            typed.pop();
        });
    };
    view! {
        <button type="button" class="key key-wide" tabindex="-1" disabled=move || !alive.get() on:click=press>
            <svg viewBox="0 0 24 24" width="22" height="22" focusable="false">
                <path d="M9 5h11v14H9l-6-7zM12 9l5 6m0-6l-5 6" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round"></path>
            </svg>
        </button>
    }
}

fn edit(field: NodeRef<Input>, change: impl FnOnce(&mut String)) {
    if let Some(field) = field.get_untracked() {
        let mut typed = field.value();
        change(&mut typed);
        field.set_value(&typed);
    }
}

use domain::notification::Notification;
use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::browser;
use crate::live::use_live;
use crate::words::language;
use crate::words::news::news_words;

/// Long enough to be read; the flag keeps it.
const SHOWN_MILLIS: u32 = 10_000;

/// The notification flag at the top right, and what just happened beside it.
#[component]
pub fn Bell() -> impl IntoView {
    let l = language();
    let live = use_live();
    let name = move || match live.unread.get() {
        0 => td_string!(l, portal.nav.notifications).to_owned(),
        count => td_string!(l, portal.nav.notifications_unread, count = count),
    };
    view! {
        <form class="bell" method="get" action="/notifications">
            <button type="submit" class="bell-button" aria-label=name>
                <svg class="bell-flag" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
                    <path d="M6 3v18" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"></path>
                    <path d="M6 4h12l-3 4.5 3 4.5H6z" fill="currentColor"></path>
                </svg>
                <span class="bell-count" aria-hidden="true" hidden=move || live.unread.get() == 0>
                    {live.unread}
                </span>
            </button>
        </form>
        <Toast/>
    }
}

#[component]
fn Toast() -> impl IntoView {
    let live = use_live();
    let timer = StoredValue::new(None);
    Effect::new(move || {
        if live.fresh.get().is_some() {
            timer.set_value(Some(browser::after(SHOWN_MILLIS, move || live.fresh.set(None))));
        }
    });
    view! {
        <div class="toast" aria-live="polite">
            {move || live.fresh.get().map(|fresh| view! { <Fresh fresh/> })}
        </div>
    }
}

#[component]
fn Fresh(fresh: Notification) -> impl IntoView {
    let l = language();
    let live = use_live();
    let words = news_words(l, &fresh);
    let close = move |_| live.fresh.set(None);
    view! {
        <div class="toast-card">
            <div>
                <p class="toast-device">{fresh.device_name}</p>
                <p>{words.what}</p>
            </div>
            <button class="toast-close" type="button" aria-label=td_string!(l, portal.nav.close) on:click=close>
                <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
                    <path d="M6 6l12 12M18 6L6 18" stroke="currentColor" stroke-width="2" stroke-linecap="round"></path>
                </svg>
            </button>
        </div>
    }
}

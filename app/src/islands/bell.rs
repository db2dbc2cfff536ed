use domain::live::LiveUpdate;
use domain::notification::Notification;
use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::browser;
use crate::i18n::Locale;
use crate::words::news::news_words;

/// Long enough to be read; the flag keeps it.
const SHOWN_MILLIS: u32 = 10_000;

/// The notification flag at the top right, and what just happened beside it. Everything a signed-in page is told comes
/// through here.
#[island]
pub fn Bell(
    l: Locale,
    unread: u32,
    /// The newest notification the page was drawn with.
    cursor: i64,
) -> impl IntoView {
    let unread = RwSignal::new(unread);
    let fresh = RwSignal::new(None);
    Effect::new(move || {
        browser::listen(cursor, move |update: LiveUpdate| {
            unread.set(update.unread);
            if let Some(newest) = update.fresh.into_iter().max_by_key(|notification| notification.cursor) {
                fresh.set(Some(newest));
            }
        });
    });
    let name = move || match unread.get() {
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
                <span class="bell-count" aria-hidden="true" hidden=move || unread.get() == 0>
                    {unread}
                </span>
            </button>
        </form>
        <Toast l fresh/>
    }
}

#[component]
fn Toast(l: Locale, fresh: RwSignal<Option<Notification>>) -> impl IntoView {
    let timer = StoredValue::new(None);
    Effect::new(move || {
        if fresh.get().is_some() {
            timer.set_value(Some(browser::after(SHOWN_MILLIS, move || fresh.set(None))));
        }
    });
    let close = move |_| fresh.set(None);
    let card = move |told: Notification| {
        let what = news_words(l, told.news);
        view! {
            <div class="toast-card">
                <div>
                    <p class="toast-device">{told.device_name}</p>
                    <p>{what}</p>
                </div>
                <button class="toast-close" type="button" aria-label=td_string!(l, portal.nav.close) on:click=close>
                    <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
                        <path d="M6 6l12 12M18 6L6 18" stroke="currentColor" stroke-width="2" stroke-linecap="round"></path>
                    </svg>
                </button>
            </div>
        }
    };
    view! {
        <div class="toast" aria-live="polite">
            {move || fresh.get().map(card)}
        </div>
    }
}

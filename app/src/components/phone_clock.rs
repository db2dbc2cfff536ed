use leptos::prelude::*;

use crate::browser;
use crate::live::use_clock;

/// The time on the phone's screen: the server's in its HTML, the reader's own once a browser can tell.
#[component]
pub fn PhoneClock(minute: Memo<i64>) -> impl IntoView {
    let alive = use_clock().alive;
    let face = move || {
        let east = if alive.get() { browser::minutes_east_of_utc() } else { 0 };
        let of_day = (minute.get() + east).rem_euclid(24 * 60);
        format!("{:02}:{:02}", of_day / 60, of_day % 60)
    };
    view! { <span class="handset-clock" aria-hidden="true">{face}</span> }
}

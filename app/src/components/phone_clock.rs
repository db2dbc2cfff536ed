use leptos::prelude::*;

/// The time on the phone's screen: the server's in its HTML, the reader's own once a browser can tell.
#[component]
pub fn PhoneClock(minute: Memo<i64>) -> impl IntoView {
    let east = RwSignal::new(0);
    Effect::new(move || east.set(minutes_east_of_utc()));
    let face = move || {
        let of_day = (minute.get() + east.get()).rem_euclid(24 * 60);
        format!("{:02}:{:02}", of_day / 60, of_day % 60)
    };
    view! { <span class="handset-clock" aria-hidden="true">{face}</span> }
}

#[cfg(feature = "hydrate")]
#[allow(clippy::cast_possible_truncation, reason = "a whole number of minutes, at most a day")]
fn minutes_east_of_utc() -> i64 {
    -js_sys::Date::new_0().get_timezone_offset() as i64
}

#[cfg(not(feature = "hydrate"))]
const fn minutes_east_of_utc() -> i64 {
    0
}

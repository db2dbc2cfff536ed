use domain::freshness::Purpose;
use domain::sign_in::Countdown;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_i18n::td_string;

use crate::api::countdown::countdown;
use crate::browser;
use crate::i18n::Locale;
use crate::words::time::{minutes_seconds, whole_seconds};

const TICK_MILLIS: u32 = 250;
/// From here on it is no longer calm.
const LAST_MINUTE_MILLIS: i64 = 60_000;
/// Announced when the time left has just come down to one of these.
const ANNOUNCED_SECONDS: [i64; 5] = [240, 180, 120, 60, 30];

/// The largest thing on the sign-in page: the time left by the server's clock.
#[island]
pub fn CountdownView(l: Locale, start: Countdown) -> impl IntoView {
    let left = RwSignal::new(start.remaining_millis);
    count_down(left);
    let lead = match start.purpose {
        Purpose::Reset => td_string!(l, portal.countdown.lead_reset),
        Purpose::Reveal => td_string!(l, portal.countdown.lead_reveal),
    };
    let over = move || left.get() <= 0;
    view! {
        <div class="countdown" class:countdown-last=move || left.get() <= LAST_MINUTE_MILLIS>
            <div class="countdown-clock">
                <Ring left total_seconds=start.total_seconds/>
                <p class="countdown-time" role="timer" aria-label=td_string!(l, portal.countdown.label)>
                    {move || minutes_seconds(left.get())}
                </p>
            </div>
            <p hidden=over>{lead}</p>
            <noscript><p class="quiet">{td_string!(l, portal.countdown.still)}</p></noscript>
            <div role="alert">{move || over().then(|| view! { <Over l/> })}</div>
            <p class="unseen" aria-live="polite">{move || announcement(l, left.get())}</p>
        </div>
    }
}

#[component]
fn Over(l: Locale) -> impl IntoView {
    view! {
        <p class="notice-what">{td_string!(l, portal.countdown.over)}</p>
        <p>{td_string!(l, portal.countdown.over_do)}</p>
    }
}

/// Empties by the second. Attributes, not styles: the content security policy allows no others.
#[component]
fn Ring(left: RwSignal<i64>, total_seconds: i64) -> impl IntoView {
    let gone = move || {
        let left = whole_seconds(left.get()).min(total_seconds);
        (100 - left * 100 / total_seconds.max(1)).to_string()
    };
    view! {
        <svg class="countdown-ring" viewBox="0 0 120 120" width="240" height="240" aria-hidden="true" focusable="false">
            <circle class="countdown-track" cx="60" cy="60" r="54" fill="none" stroke-width="6"></circle>
            <circle
                class="countdown-left"
                cx="60"
                cy="60"
                r="54"
                fill="none"
                stroke-width="6"
                stroke-linecap="round"
                pathLength="100"
                stroke-dasharray="100"
                stroke-dashoffset=gone
                transform="rotate(-90 60 60)"
            ></circle>
        </svg>
    }
}

/// Counts on the clock that nobody can turn, and asks the server again whenever that clock may have stood still.
fn count_down(left: RwSignal<i64>) {
    let deadline = RwSignal::new(None::<f64>);
    let timer = StoredValue::new(None);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a few hundred thousand milliseconds"
    )]
    Effect::new(move || {
        deadline.set(Some(browser::monotonic_millis() + left.get_untracked() as f64));
        let tick = move || {
            if let Some(deadline) = deadline.get_untracked() {
                left.set((deadline - browser::monotonic_millis()).max(0.0) as i64);
            }
        };
        timer.set_value(Some(browser::every(TICK_MILLIS, tick)));
        let ask = move || {
            spawn_local(async move {
                // Taken before the question, so that a slow answer shortens the countdown instead of lengthening it.
                let asked_at = browser::monotonic_millis();
                let Ok(Some(answer)) = countdown().await else { return };
                // The page may have been left by then.
                if deadline.try_set(Some(asked_at + answer.remaining_millis as f64)).is_none() {
                    tick();
                }
            });
        };
        ask();
        browser::on_wake(ask);
    });
}

/// Empty between the marks, so that a screen reader is told each once.
fn announcement(l: Locale, millis: i64) -> String {
    let seconds = whole_seconds(millis);
    let mark = ANNOUNCED_SECONDS.into_iter().find(|mark| (mark - 5..=*mark).contains(&seconds));
    match mark {
        None => String::new(),
        Some(60) => td_string!(l, portal.countdown.minute).to_owned(),
        Some(mark) if mark < 60 => td_string!(l, portal.countdown.seconds, count = mark),
        Some(mark) => td_string!(l, portal.countdown.minutes, count = mark / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mark_is_announced_once() {
        assert_eq!(announcement(Locale::en, 300_000), "");
        assert_eq!(announcement(Locale::en, 240_000), "4 minutes left");
        assert_eq!(announcement(Locale::en, 236_500), "4 minutes left");
        assert_eq!(announcement(Locale::en, 200_000), "");
        assert_eq!(announcement(Locale::en, 60_000), "One minute left");
        assert_eq!(announcement(Locale::en, 29_100), "30 seconds left");
        assert_eq!(announcement(Locale::en, 0), "");
    }
}

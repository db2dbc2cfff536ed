use domain::Timestamp;
use leptos::prelude::*;

use crate::browser;

/// How often "12 minutes ago" is looked at again.
const TICK_MILLIS: u32 = 5_000;

/// Time as the page sees it pass. It stands still until the page is alive, so that the first drawing in the browser is
/// the server's, and counts on from the server's time, never from the computer's.
#[derive(Clone, Copy)]
pub struct Clock {
    /// Whether the page has come alive: what only a browser can do, and its own time zone, may be shown.
    pub alive: RwSignal<bool>,
    /// How far the server's time is ahead of the browser's count. An answer is never from the future, so of two
    /// estimates the larger one is nearer.
    ahead: StoredValue<i64>,
    ticks: RwSignal<u32>,
}

pub fn use_clock() -> Clock {
    expect_context::<Clock>()
}

impl Clock {
    pub fn provide() -> Self {
        let clock =
            Self { alive: RwSignal::new(false), ahead: StoredValue::new(i64::MIN), ticks: RwSignal::new(0) };
        let timer = StoredValue::new(None);
        Effect::new(move || {
            clock.alive.set(true);
            let tick = move || clock.ticks.update(|ticks| *ticks = ticks.wrapping_add(1));
            browser::on_wake(tick);
            timer.set_value(Some(browser::every(TICK_MILLIS, tick)));
        });
        provide_context(clock);
        clock
    }

    /// The server's time, counted on from what it was when the answer came. A closure over what lives as long as the
    /// page, not a signal: what stands on the page still follows the clock while the answer that replaces it is awaited,
    /// and a signal made for it would be disposed of by then.
    pub fn from(self, now: Timestamp) -> impl Fn() -> Timestamp + Copy + Send + 'static {
        let ahead = now.0 - whole_millis();
        self.ahead.update_value(|known| *known = ahead.max(*known));
        move || {
            self.ticks.track();
            if self.alive.get() { Timestamp(self.ahead.get_value() + whole_millis()) } else { now }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "whole milliseconds are enough")]
fn whole_millis() -> i64 {
    browser::monotonic_millis() as i64
}

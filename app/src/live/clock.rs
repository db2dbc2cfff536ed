use domain::Timestamp;
use leptos::prelude::*;

use crate::browser;

/// How often "12 minutes ago" is looked at again.
const TICK_MILLIS: u32 = 15_000;

/// Time as the page sees it pass. It stands still until the page is alive, so that the first drawing in the browser is
/// the server's, and counts on from the server's time, never from the computer's.
#[derive(Clone, Copy)]
pub struct Clock {
    /// Milliseconds since the page came alive.
    elapsed: RwSignal<i64>,
    /// Whether the browser's own time zone may be used.
    pub alive: RwSignal<bool>,
}

pub fn use_clock() -> Clock {
    expect_context::<Clock>()
}

impl Clock {
    pub fn provide() -> Self {
        let clock = Self { elapsed: RwSignal::new(0), alive: RwSignal::new(false) };
        let timer = StoredValue::new_local(None);
        Effect::new(move || {
            let start = browser::monotonic_millis();
            clock.alive.set(true);
            let tick = move || {
                #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds are enough")]
                clock.elapsed.set((browser::monotonic_millis() - start) as i64);
            };
            browser::on_wake(tick);
            timer.set_value(Some(browser::every(TICK_MILLIS, tick)));
        });
        provide_context(clock);
        clock
    }

    /// The server's time, counted on from what it was when the answer came.
    pub fn from(self, now: Timestamp) -> Signal<Timestamp> {
        let came_at = self.elapsed.get_untracked();
        Signal::derive(move || now.plus_millis(self.elapsed.get() - came_at))
    }
}

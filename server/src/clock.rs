#![allow(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]

use std::sync::Mutex;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use domain::Timestamp;
use domain::freshness::{GRANT_SECONDS, WINDOW_SECONDS};
use domain::ports::Clock;

/// The wall clock, except that it never runs backwards: when the machine's clock is turned back, time goes on from
/// where it was, by the monotonic clock. A five-minute window therefore never grows.
pub struct ServerClock(Mutex<Reading>);

struct Reading {
    time: Timestamp,
    taken: Instant,
}

impl ServerClock {
    /// `latest` is the newest time in the database. A clock that reads earlier was turned back while the program was
    /// down, and nobody knows how long that was: time goes on from where every window and grant has run out.
    pub fn starting_after(latest: Option<Timestamp>) -> Self {
        let wall = wall_clock();
        let time = match latest {
            Some(latest) if wall < latest => latest.plus_seconds(WINDOW_SECONDS.max(GRANT_SECONDS) + 1),
            _ => wall,
        };
        Self(Mutex::new(Reading { time, taken: Instant::now() }))
    }
}

impl Clock for ServerClock {
    fn now(&self) -> Timestamp {
        let mut last = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let taken = Instant::now();
        let passed = taken.saturating_duration_since(last.taken).as_millis();
        let monotonic = last.time.plus_millis(i64::try_from(passed).unwrap_or(i64::MAX));
        // A reading is only replaced when a millisecond has passed, or the rounding would add up to a slow clock.
        if wall_clock() > monotonic || passed > 0 {
            *last = Reading { time: monotonic.max(wall_clock()), taken };
        }
        last.time
    }
}

fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_turned_back_while_the_program_was_down_leaves_no_window_open() {
        let tomorrow = wall_clock().plus_seconds(86_400);
        let clock = ServerClock::starting_after(Some(tomorrow));
        let first = clock.now();
        assert!(first >= tomorrow.plus_seconds(301));
        assert!(clock.now() >= first);
    }

    #[test]
    fn a_clock_that_went_on_is_believed() {
        let yesterday = wall_clock().plus_seconds(-86_400);
        let passed = ServerClock::starting_after(Some(yesterday)).now().millis_since(wall_clock());
        assert!((-60_000..=0).contains(&passed), "{passed}");
    }
}

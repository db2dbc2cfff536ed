#![allow(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]

use std::sync::Mutex;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use domain::Timestamp;
use domain::ports::Clock;

/// The wall clock, except that it never runs backwards: when the machine's clock is turned back, time goes on from
/// where it was, by the monotonic clock. A five-minute window therefore never grows.
pub struct ServerClock(Mutex<Reading>);

struct Reading {
    time: Timestamp,
    taken: Instant,
}

impl ServerClock {
    /// `latest` is the newest time in the database: a clock turned back while the program was down is noticed too.
    pub fn starting_after(latest: Option<Timestamp>) -> Self {
        let wall = wall_clock();
        let time = latest.map_or(wall, |latest| latest.max(wall));
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
    fn time_starts_no_earlier_than_what_was_written() {
        let tomorrow = wall_clock().plus_seconds(86_400);
        let clock = ServerClock::starting_after(Some(tomorrow));
        let first = clock.now();
        assert!(first >= tomorrow);
        assert!(clock.now() >= first);
    }
}

#![allow(clippy::disallowed_methods, reason = "the one place that asks for the time")]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use domain::Timestamp;
use domain::freshness::{GRANT_SECONDS, WINDOW_SECONDS};
use domain::ports::Clock;

/// The machine's clock or the database's, except that it never runs backwards: when that is turned back, time goes on from
/// where it was, by the monotonic clock. A five-minute window therefore never grows.
pub struct ServerClock {
    reading: Mutex<Reading>,
    /// Else the machine's. Replicas on different machines have one time by it.
    follows_database: bool,
}

struct Reading {
    /// In milliseconds since the epoch.
    time: f64,
    taken: Instant,
    /// By how much it is known to be ahead of the database.
    lead: f64,
}

/// A clock that is ahead waits for the database's without ever standing still: a window of five minutes is longer by a
/// seventh of a second then.
const SLOWER: f64 = 1.0 / 2000.0;
/// What another replica wrote by its own reckoning may be later than the database's clock by so much.
const LEEWAY_MILLIS: i64 = 5_000;

impl ServerClock {
    /// `latest` is the newest time in the database. A clock that reads earlier was turned back while the program was
    /// down, and nobody knows how long that was: time goes on from where every window and grant has run out.
    pub fn of_the_machine(latest: Option<Timestamp>) -> Self {
        Self::starting(after(latest, wall_clock()), false)
    }

    pub fn of_the_database(time: Timestamp, latest: Option<Timestamp>) -> Self {
        let latest = latest.filter(|latest| latest.millis_since(time) > LEEWAY_MILLIS);
        Self::starting(after(latest, time), true)
    }

    #[expect(clippy::cast_precision_loss, reason = "exact for 285,000 years")]
    fn starting(time: Timestamp, follows_database: bool) -> Self {
        let reading = Reading { time: time.0 as f64, taken: Instant::now(), lead: 0.0 };
        Self { reading: Mutex::new(reading), follows_database }
    }

    /// Goes by what the database says, and by how long it takes to say it.
    pub async fn ask<E>(&self, database: impl Future<Output = Result<Timestamp, E>>) -> Result<(), E> {
        let asked = Instant::now();
        let time = database.await?;
        self.follow(time, asked.elapsed());
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "exact for 285,000 years")]
    fn follow(&self, database: Timestamp, took: Duration) {
        let mut last = self.move_on();
        let earliest = database.0 as f64;
        last.time = last.time.max(earliest);
        last.lead = (last.time - earliest - took.as_secs_f64() * 1000.0).max(0.0);
    }

    #[expect(clippy::cast_precision_loss, reason = "exact for 285,000 years")]
    fn move_on(&self) -> MutexGuard<'_, Reading> {
        let mut last = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = Instant::now();
        let passed = taken.saturating_duration_since(last.taken).as_secs_f64() * 1000.0;
        let waited = last.lead.min(passed * SLOWER);
        let time = last.time + passed - waited;
        let time = if self.follows_database { time } else { time.max(wall_clock().0 as f64) };
        *last = Reading { time, taken, lead: last.lead - waited };
        last
    }
}

impl Clock for ServerClock {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds are whole")]
    fn now(&self) -> Timestamp {
        Timestamp(self.move_on().time as i64)
    }
}

fn after(latest: Option<Timestamp>, time: Timestamp) -> Timestamp {
    match latest {
        Some(latest) if time < latest => latest.plus_seconds(WINDOW_SECONDS.max(GRANT_SECONDS) + 1),
        _ => time,
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
        let clock = ServerClock::of_the_machine(Some(tomorrow));
        let first = clock.now();
        assert!(first >= tomorrow.plus_seconds(301));
        assert!(clock.now() >= first);
    }

    #[test]
    fn a_clock_that_went_on_is_believed() {
        let yesterday = wall_clock().plus_seconds(-86_400);
        let passed = ServerClock::of_the_machine(Some(yesterday)).now().millis_since(wall_clock());
        assert!((-60_000..=0).contains(&passed), "{passed}");
    }

    #[test]
    fn the_databases_time_is_followed_and_never_back() {
        let noon = Timestamp(1_000_000_000);
        let clock = ServerClock::of_the_database(noon, Some(noon.plus_seconds(2)));
        let reads = |earliest: Timestamp| {
            let passed = clock.now().millis_since(earliest);
            assert!((0..60_000).contains(&passed), "{passed}");
        };
        reads(noon);
        clock.follow(noon.plus_seconds(3600), Duration::from_millis(5));
        reads(noon.plus_seconds(3600));
        clock.follow(noon, Duration::ZERO);
        reads(noon.plus_seconds(3600));
        let lead = clock.reading.lock().unwrap().lead;
        assert!(lead >= 3_599_000.0, "{lead}");
        std::thread::sleep(Duration::from_millis(50));
        clock.now();
        let caught_up = lead - clock.reading.lock().unwrap().lead;
        assert!((0.02..1.0).contains(&caught_up), "{caught_up}");
    }
}

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use domain::live::Signal;
use domain::person::PersonId;
use domain::portal::Portal;
use domain::ports::{Clock, Signals};
use tokio::sync::broadcast;

use crate::ending::{Stopping, asked_to_end};
use crate::listeners::Listeners;

/// Signals within this process. Rows are the truth: whoever may have missed one reads them again.
pub struct LocalSignals {
    sender: broadcast::Sender<Signal>,
    pub listeners: Arc<Listeners>,
    clock: Arc<dyn Clock>,
    /// Since when it hears of every change.
    hears_since: AtomicI64,
    last_changes: Mutex<HashMap<PersonId, Timestamp>>,
}

impl LocalSignals {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let hears_since = AtomicI64::new(clock.now().0);
        let (sender, listeners) = (broadcast::channel(16).0, Arc::default());
        Self { sender, listeners, clock, hears_since, last_changes: Mutex::default() }
    }

    /// Every signal, for whom one as good as any other tells that there may be work.
    pub fn subscribe(&self) -> broadcast::Receiver<Signal> {
        self.sender.subscribe()
    }

    /// Whether a page of that person which was drawn then may show what is no longer so.
    pub fn changed_since(&self, person: PersonId, drawn: Timestamp) -> bool {
        let changes = self.last_changes.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.0 <= self.hears_since.load(Ordering::Relaxed)
            || changes.get(&person).is_some_and(|last| *last >= drawn)
    }

    /// What happened until now may not have been heard of: all open pages look at their rows again, within two seconds.
    pub fn missed(&self) {
        self.hears_since.store(self.clock.now().0, Ordering::Relaxed);
        let listeners = Arc::clone(&self.listeners);
        tokio::spawn(async move { listeners.look_again().await });
    }
}

impl Signals for LocalSignals {
    fn send(&self, signal: Signal) {
        if let Signal::Changed(person) = signal {
            let mut changes = self.last_changes.lock().unwrap_or_else(PoisonError::into_inner);
            changes.insert(person, self.clock.now());
        }
        self.listeners.tell(signal);
        // Nobody listening is no failure.
        let _ = self.sender.send(signal);
    }
}

/// How soon a page learns that its session was ended by another process, such as `latchkey user disable`.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// Rows are written a moment after the time that stands in them.
const OVERLAP_MILLIS: i64 = 10_000;

/// Tells open pages of sessions that another process ended. What this one ended itself is told twice, which is no harm.
pub async fn tell_of_ends(portal: Arc<Portal>, signals: Arc<LocalSignals>, mut stop: Stopping) {
    let mut told = HashSet::new();
    let mut read_at = portal.now();
    loop {
        let now = portal.now();
        let since = now.plus_millis(-OVERLAP_MILLIS);
        match portal.store.sessions_ended_since(since).await {
            Ok(ended) => {
                let ended: HashSet<_> = ended.into_iter().collect();
                for session in ended.difference(&told) {
                    signals.send(Signal::SessionEnded(*session));
                }
                told = ended;
                // What ended between is not among them when the database could not be read for so long.
                if read_at < since {
                    signals.missed();
                }
                read_at = now;
            }
            Err(error) => tracing::error!(%error, "which sessions ended could not be read"),
        }
        tokio::select! {
            () = asked_to_end(&mut stop) => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::fakes::FakeClock;

    #[test]
    fn a_page_is_old_once_its_person_was_told_of_a_change() {
        let clock = Arc::new(FakeClock::new());
        let signals = LocalSignals::new(Arc::clone(&clock) as _);
        let [ana, ben] = [1, 2].map(|id| PersonId(Uuid::from_u128(id)));
        let start = clock.now();
        assert!(signals.changed_since(ana, start), "of what was before, nothing is known");
        assert!(!signals.changed_since(ana, start.plus_millis(1)));
        clock.wait(1_000);
        signals.send(Signal::Changed(ana));
        assert!(signals.changed_since(ana, clock.now()));
        assert!(!signals.changed_since(ana, clock.now().plus_millis(1)));
        assert!(!signals.changed_since(ben, start.plus_millis(1)));
    }
}

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::live::Signal;
use domain::portal::Portal;
use domain::ports::Signals;
use tokio::sync::{broadcast, watch};

use crate::serve::asked_to_end;

/// Signals within this process. Rows are the truth: a receiver that falls behind reads them again.
pub struct LocalSignals(broadcast::Sender<Signal>);

impl LocalSignals {
    pub fn new() -> Self {
        Self(broadcast::channel(1024).0)
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Signal> {
        self.0.subscribe()
    }
}

impl Signals for LocalSignals {
    fn send(&self, signal: Signal) {
        // Nobody listening is no failure.
        let _ = self.0.send(signal);
    }
}

/// How soon a page learns that its session was ended by another process, such as `latchkey user disable`.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// Rows are written a moment after the time that stands in them.
const OVERLAP_MILLIS: i64 = 10_000;

/// Tells open pages of sessions that another process ended. What this one ended itself is told twice, which is no harm.
pub async fn tell_of_ends(portal: Arc<Portal>, signals: Arc<LocalSignals>, mut stop: watch::Receiver<bool>) {
    let mut told = HashSet::new();
    loop {
        let since = portal.now().plus_millis(-OVERLAP_MILLIS);
        match portal.store.sessions_ended_since(since).await {
            Ok(ended) => {
                let ended: HashSet<_> = ended.into_iter().collect();
                for session in ended.difference(&told) {
                    signals.send(Signal::SessionEnded(*session));
                }
                told = ended;
            }
            Err(error) => tracing::error!(%error, "which sessions ended could not be read"),
        }
        tokio::select! {
            () = asked_to_end(&mut stop) => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

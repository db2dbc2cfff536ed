use domain::live::Signal;
use domain::ports::Signals;
use tokio::sync::broadcast;

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

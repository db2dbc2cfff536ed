//! How the program ends: asked to, it tells everybody, and gives them a few seconds.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::supervisor;

/// What is still being answered then is cut off.
pub const LAST_ANSWERS: Duration = Duration::from_secs(8);

/// What the program is asked to end with: Ctrl-C, or SIGTERM.
pub struct Ending {
    interrupt: Signal,
    terminate: Signal,
}

impl Ending {
    /// Before anybody can know that the program runs: tokio tells a signal only to those who already listen, and one
    /// that comes between would be lost.
    pub fn listen() -> Result<Self, String> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(|error| error.to_string())?,
            terminate: signal(SignalKind::terminate()).map_err(|error| error.to_string())?,
        })
    }

    /// Waits for it, tells everybody, and waits for them.
    pub async fn wait(mut self, stop: watch::Sender<bool>, mut tasks: JoinSet<()>) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        supervisor::stopping();
        stop.send_replace(true);
        let ended = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_ANSWERS, ended).await.is_err() {
            tracing::warn!("some answers were cut off");
        }
    }
}

/// For whatever else it is that runs.
pub async fn asked_to_end(stopping: &mut watch::Receiver<bool>) {
    // An error means that whoever could ask is gone, which comes to the same.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

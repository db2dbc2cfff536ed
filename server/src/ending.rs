//! How the program ends: asked to, it lets whoever sends people to it know first, then tells everybody, and gives them a
//! few seconds.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::supervisor;

/// What is still being answered then is cut off. With the three seconds before, all of it is over within ten.
pub const LAST_ANSWERS: Duration = Duration::from_secs(6);

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Serving,
    /// Not ready any more, so that nobody is sent here; whoever comes is served as before.
    Leaving,
    /// Nobody new is let in, and the last answers go out.
    Closing,
}

pub type Stop = watch::Sender<Stage>;
pub type Stopping = watch::Receiver<Stage>;

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

    /// Waits for it, tells everybody, and waits for them. A second signal does not wait.
    pub async fn wait(mut self, stop: Stop, tasks: JoinSet<()>, drain: Duration) -> Result<(), String> {
        let drain = tokio::select! {
            // Whoever presses Ctrl-C sits in front of it: nobody else sends people here.
            _ = self.interrupt.recv() => Duration::ZERO,
            _ = self.terminate.recv() => drain,
        };
        tokio::select! {
            () = end(stop, tasks, drain) => Ok(()),
            _ = self.interrupt.recv() => Err(AT_ONCE.to_owned()),
            _ = self.terminate.recv() => Err(AT_ONCE.to_owned()),
        }
    }
}

const AT_ONCE: &str = "asked to end a second time: what was under way was cut off";

async fn end(stop: Stop, mut tasks: JoinSet<()>, drain: Duration) {
    supervisor::stopping();
    stop.send_replace(Stage::Leaving);
    if !drain.is_zero() {
        tracing::info!(seconds = drain.as_secs(), "not ready any more, and ending soon");
        tokio::time::sleep(drain).await;
    }
    stop.send_replace(Stage::Closing);
    let ended = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_ANSWERS, ended).await.is_err() {
        tracing::warn!("some answers were cut off");
    }
}

/// For whoever begins what may take long.
pub async fn asked_to_leave(stopping: &mut Stopping) {
    // An error means that whoever could ask is gone, which comes to the same.
    let _ = stopping.wait_for(|stage| *stage >= Stage::Leaving).await;
}

/// For whatever else it is that runs.
pub async fn asked_to_end(stopping: &mut Stopping) {
    let _ = stopping.wait_for(|stage| *stage == Stage::Closing).await;
}

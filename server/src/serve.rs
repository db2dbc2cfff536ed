//! Runs the listeners, the worker and the phones until the program is asked to end.

use std::fmt::Display;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What is still being answered then is cut off.
const LAST_ANSWERS: Duration = Duration::from_secs(8);

pub async fn bind(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| {
        format!(
            "cannot listen on {address}: {error}. Is another program there? Try --listen with another port"
        )
    })
}

/// Serves until `stopping` becomes true and the last answers are out.
pub async fn serve(listener: TcpListener, router: Router, mut stopping: watch::Receiver<bool>) {
    // Pages leave in several writes; without this each would wait for an acknowledgement of the one before.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
    });
    let until = async move { asked_to_end(&mut stopping).await };
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(until).await {
        tracing::error!(%error, "a listener ended");
    }
}

pub async fn asked_to_end(stopping: &mut watch::Receiver<bool>) {
    // An error means that whoever could ask is gone, which comes to the same.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

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
            interrupt: signal(SignalKind::interrupt()).map_err(said)?,
            terminate: signal(SignalKind::terminate()).map_err(said)?,
        })
    }

    /// Waits for it, tells everybody, and gives them a few seconds.
    pub async fn wait(mut self, stop: watch::Sender<bool>, mut tasks: JoinSet<()>) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        stop.send_replace(true);
        let ended = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_ANSWERS, ended).await.is_err() {
            tracing::warn!("some answers were cut off");
        }
    }
}

fn said(error: impl Display) -> String {
    error.to_string()
}

//! The live stream: a WebSocket that tells a signed-in page what changed. A WebSocket and not Server-Sent Events,
//! because six open tabs would use up all connections that a browser allows to one host.

use std::time::Duration;

use app::visitor::Visitor;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use domain::live::{LiveUpdate, Signal};
use domain::person::Actor;
use domain::{Refusal, Timestamp};
use http::header::HeaderMap;
use serde::Deserialize;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::ending::asked_to_end;
use crate::host::Host;
use crate::refused::Refused;

/// A connection that waits costs what its buffer costs.
const READ_BUFFER: usize = 4096;
/// We only ever send.
const LONGEST_MESSAGE: usize = 1024;
const PING: Duration = Duration::from_secs(30);
const SESSION_ENDED: u16 = 4401;
const RESTARTING: u16 = 1012;
/// A stream closes when its tab does, which nobody can tell beforehand.
const RETRY_SECONDS: u32 = 10;

#[derive(Deserialize)]
pub struct After {
    /// The newest notification the page knows of.
    #[serde(default)]
    after: i64,
    /// When the page was drawn, by the server's clock.
    drawn: Option<i64>,
}

pub async fn live(
    State(host): State<Host>,
    Extension(visitor): Extension<Visitor>,
    Query(After { after, drawn }): Query<After>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    // Browsers let any site open a WebSocket to any other, cookies included.
    if !host.origins.contains(&headers) {
        return Refused(Refusal::CrossSite).into_response();
    }
    let place = match &visitor.actor {
        None => None,
        Some(actor) => match host.streams.open(actor.person.id) {
            None => return Refused(Refusal::TooOften { retry_seconds: RETRY_SECONDS }).into_response(),
            place => place,
        },
    };
    upgrade.read_buffer_size(READ_BUFFER).write_buffer_size(0).max_message_size(LONGEST_MESSAGE).on_upgrade(
        move |socket| async move {
            // A browser cannot read the status of a refused upgrade, so even this refusal is said inside.
            match visitor.actor {
                None => close(socket, SESSION_ENDED, "not signed in").await,
                Some(actor) => {
                    let signals = host.signals.subscribe();
                    let drawn = drawn.map(Timestamp);
                    Stream { signals, host, actor, cursor: after, drawn }.run(socket).await;
                    drop(place);
                }
            }
        },
    )
}

struct Stream {
    host: Host,
    actor: Actor,
    cursor: i64,
    drawn: Option<Timestamp>,
    /// Subscribed before the first reading, so that nothing falls between the two.
    signals: broadcast::Receiver<Signal>,
}

/// Why a stream ends.
enum End {
    SessionEnded,
    Restarting,
    /// The page is gone, or the network to it.
    Gone,
}

impl Stream {
    async fn run(mut self, mut socket: WebSocket) {
        match self.follow(&mut socket).await {
            Err(End::SessionEnded) => close(socket, SESSION_ENDED, "signed out").await,
            Err(End::Restarting) => close(socket, RESTARTING, "restarting").await,
            Err(End::Gone) | Ok(()) => {}
        }
    }

    async fn follow(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        let mut stopping = self.host.stopping.clone();
        let mut pings = tokio::time::interval(PING);
        pings.reset();
        self.tell(socket).await?;
        loop {
            tokio::select! {
                signal = self.signals.recv() => {
                    if self.concerns_me(signal).await? {
                        self.tell(socket).await?;
                    }
                }
                message = socket.recv() => is_still_there(message)?,
                _ = pings.tick() => {
                    self.check_session().await?;
                    send(socket, Message::Ping(Bytes::new())).await?;
                }
                () = asked_to_end(&mut stopping) => return Err(End::Restarting),
            }
        }
    }

    async fn concerns_me(&self, signal: Result<Signal, RecvError>) -> Result<bool, End> {
        let me = self.actor.person.id;
        let mine = self.actor.session;
        match signal {
            Ok(Signal::Changed(person)) => Ok(person == me),
            Ok(Signal::SessionEnded(session)) if session == mine => Err(End::SessionEnded),
            Ok(Signal::SessionsEnded { person, except }) if person == me && except != Some(mine) => {
                Err(End::SessionEnded)
            }
            // What was missed may have been the end of this session.
            Ok(Signal::Missed) | Err(RecvError::Lagged(_)) => self.check_session().await.map(|()| true),
            Ok(_) => Ok(false),
            Err(RecvError::Closed) => Err(End::Restarting),
        }
    }

    /// The rows know of ends that no signal tells: idling out, growing too old.
    async fn check_session(&self) -> Result<(), End> {
        let (sessions, _) = self.host.portal.sessions(&self.actor).await.map_err(|error| {
            tracing::error!(%error, "a stream could not read its session");
            End::Restarting
        })?;
        if sessions.iter().any(|session| session.session == self.actor.session) {
            Ok(())
        } else {
            Err(End::SessionEnded)
        }
    }

    async fn tell(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        let update = self.host.portal.live_update(&self.actor, self.cursor).await.map_err(|error| {
            tracing::error!(%error, "a stream could not read its news");
            End::Restarting
        })?;
        self.cursor = update.cursor;
        // The first message alone may be no news to the page.
        let drawn = self.drawn.take();
        let changed = drawn.is_none_or(|drawn| self.host.signals.changed_since(self.actor.person.id, drawn));
        let update = LiveUpdate { changed, ..update };
        let text = serde_json::to_string(&update).map_err(|_| End::Gone)?;
        send(socket, Message::Text(text.into())).await
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    socket.send(message).await.map_err(|_| End::Gone)
}

fn is_still_there(message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
    match message {
        None | Some(Err(_) | Ok(Message::Close(_))) => Err(End::Gone),
        Some(Ok(_)) => Ok(()),
    }
}

/// The other side may be gone already, which ends the stream as well.
async fn close(mut socket: WebSocket, code: u16, why: &'static str) {
    let frame = CloseFrame { code, reason: Utf8Bytes::from_static(why) };
    let _ = socket.send(Message::Close(Some(frame))).await;
}

//! The live stream: a WebSocket that tells a signed-in page what changed. A WebSocket and not Server-Sent Events,
//! because six open tabs would use up all connections that a browser allows to one host.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use app::visitor::Visitor;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use domain::live::LiveUpdate;
use domain::person::Actor;
use domain::portal::Portal;
use domain::ports::Denied;
use domain::{Refusal, Timestamp};
use http::header::HeaderMap;
use serde::Deserialize;

use crate::host::Host;
use crate::listeners::{Listener, Word, text_of};
use crate::refused::Refused;
use crate::signals::LocalSignals;

/// A connection that waits costs what its buffer costs, and pages answer pings with a few bytes.
const READ_BUFFER: usize = 128;
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
    let upgrade =
        upgrade.read_buffer_size(READ_BUFFER).write_buffer_size(0).max_message_size(LONGEST_MESSAGE);
    let Some(actor) = visitor.actor else {
        // A browser cannot read the status of a refused upgrade, so even this refusal is said inside.
        return upgrade.on_upgrade(|socket| close(socket, SESSION_ENDED, "not signed in"));
    };
    let (person, most) = (actor.person.id, host.limits.streams_per_person);
    let Some(listener) = host.signals.listeners.open(person, actor.session, most) else {
        return Refused(Refusal::TooOften { retry_seconds: RETRY_SECONDS }).into_response();
    };
    let Host { portal, signals, .. } = host;
    let stream = Box::new(Stream { portal, signals, actor, listener, cursor: after });
    let drawn = drawn.map(Timestamp);
    upgrade.on_upgrade(move |socket| Box::pin(stream.run(socket, drawn)))
}

struct Stream {
    portal: Arc<Portal>,
    signals: Arc<LocalSignals>,
    actor: Actor,
    /// Listens before the first reading, so that nothing falls between the two.
    listener: Listener,
    cursor: i64,
}

/// Why a stream ends.
enum End {
    SessionEnded,
    Restarting,
    /// The page is gone, or the network to it.
    Gone,
}

impl Stream {
    async fn run(mut self: Box<Self>, mut socket: WebSocket, drawn: Option<Timestamp>) {
        let Err(end) = self.follow(&mut socket, drawn).await;
        match end {
            End::SessionEnded => close(socket, SESSION_ENDED, "signed out").await,
            End::Restarting => close(socket, RESTARTING, "restarting").await,
            End::Gone => {}
        }
    }

    async fn follow(&mut self, socket: &mut WebSocket, drawn: Option<Timestamp>) -> Result<Infallible, End> {
        let mut pings = tokio::time::interval(PING);
        pings.reset();
        self.begin(socket, drawn).await?;
        loop {
            tokio::select! {
                word = self.listener.hears() => match word {
                    Word::Changed => self.tell(socket).await?,
                    Word::Missed => {
                        self.check_session().await?;
                        self.tell(socket).await?;
                    }
                    Word::Restarting => return Err(End::Restarting),
                    Word::SessionEnded => return Err(End::SessionEnded),
                },
                message = socket.recv() => is_still_there(message)?,
                _ = pings.tick() => {
                    self.check_session().await?;
                    send(socket, Message::Ping(Bytes::new())).await?;
                }
            }
        }
    }

    /// The first message alone may be no news to the page.
    async fn begin(&mut self, socket: &mut WebSocket, drawn: Option<Timestamp>) -> Result<(), End> {
        let update = self.portal.live_update(&self.actor, self.cursor).await.map_err(unread)?;
        self.cursor = update.cursor;
        let changed = drawn.is_none_or(|drawn| self.signals.changed_since(self.actor.person.id, drawn));
        send(socket, Message::Text(text_of(&LiveUpdate { changed, ..update }))).await
    }

    async fn tell(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        let read = self.portal.live_update(&self.actor, self.cursor);
        let (cursor, text) = self.listener.news(self.cursor, read).await.map_err(unread)?;
        self.cursor = cursor;
        send(socket, Message::Text(text)).await
    }

    /// The rows know of ends that no signal tells: idling out, growing too old.
    async fn check_session(&self) -> Result<(), End> {
        let (sessions, _) = self.portal.sessions(&self.actor).await.map_err(unread)?;
        if sessions.iter().any(|session| session.session == self.actor.session) {
            Ok(())
        } else {
            Err(End::SessionEnded)
        }
    }
}

fn unread(error: Denied) -> End {
    tracing::error!(%error, "a stream could not read its rows");
    End::Restarting
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

//! The HTTP server, and what it does to a request that suffers a fault.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::another::about_another_device;
use crate::fault::Fault;
use crate::http::{Answer, Request};
use crate::world::{Kind, World};

const HUGE: usize = 8 << 20;

pub(crate) struct Shared {
    world: Mutex<World>,
    client: reqwest::Client,
    /// Whoever has it delivers events: one at a time, or they would overtake each other.
    delivery: tokio::sync::Mutex<()>,
}

impl Shared {
    pub fn new(world: World) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { world: Mutex::new(world), client, delivery: tokio::sync::Mutex::new(()) }
    }

    /// A test that panicked while it had the lock must not hide its own message behind a poisoned one.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what waits, and returns when it is out, also what another task was about to send.
    pub async fn deliver(&self) {
        let _turn = self.delivery.lock().await;
        loop {
            let next = self.world().outbox.next();
            let Some(post) = next else { return };
            post.send(&self.client).await;
        }
    }

    pub async fn repeat(&self) {
        let _turn = self.delivery.lock().await;
        let all = self.world().outbox.all_again();
        for post in all {
            post.send(&self.client).await;
        }
    }
}

/// Serves until it is dropped, and the connections with it.
pub(crate) async fn accept(listener: TcpListener, shared: Arc<Shared>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        connections.spawn(connection(stream, Arc::clone(&shared)));
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    // In a task of its own, since hyper drops the handler of a client that went away, and a server would go on.
    let service = service_fn(move |request| {
        let handler = tokio::spawn(handle(Arc::clone(&shared), request));
        async move { handler.await.unwrap_or(Err(Cut)) }
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// An error of the service closes the connection without an answer.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is to be cut")
    }
}

impl std::error::Error for Cut {}

async fn handle(
    shared: Arc<Shared>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Cut> {
    let request = Request::read(request).await.ok_or(Cut)?;
    let (entry, fault) = {
        let mut world = shared.world();
        world.journal.push(request.entry());
        let for_token = asks_for_token(world.kind, &request);
        (world.journal.len() - 1, world.faults.next(&request.line(), for_token))
    };
    let answer = suffering(&shared, &request, fault).await.ok_or(Cut)?;
    let mut world = shared.world();
    world.journal[entry].status = answer.status;
    Ok(world.finish(&request, answer).into_response())
}

fn asks_for_token(kind: Kind, request: &Request) -> bool {
    matches!(kind, Kind::Intune | Kind::Android) && request.parts.last().is_some_and(|part| part == "token")
}

async fn suffering(shared: &Shared, request: &Request, fault: Option<Fault>) -> Option<Answer> {
    let act = || shared.world().answer(request);
    let answer = match fault {
        None => act(),
        Some(Fault::Slow(time)) => {
            sleep(time).await;
            act()
        }
        Some(Fault::SlowAfter(time)) => {
            let answer = act();
            sleep(time).await;
            answer
        }
        Some(Fault::Throttle { retry_after }) => {
            shared.world().error(429).with("retry-after", retry_after.to_string())
        }
        Some(Fault::Status(status)) => shared.world().error(status),
        Some(Fault::Cut) => return None,
        Some(Fault::CutAfter) => {
            act();
            return None;
        }
        Some(Fault::Html) => Answer::text(200, "text/html; charset=utf-8", PAGE),
        Some(Fault::Huge) => Answer::text(200, "application/json", huge()),
        Some(Fault::Redirect(to)) => Answer::empty(307).with("location", to),
        Some(Fault::AnotherDevice) => {
            let answer = act();
            let world = shared.world();
            about_another_device(world.kind, answer)
        }
        Some(Fault::HalfJson) => half(act()),
    };
    Some(answer)
}

const PAGE: &str = "<!doctype html><html><head><title>Sign in to the network</title></head>\
    <body><h1>Welcome</h1><p>Accept the terms to go on.</p></body></html>";

fn huge() -> String {
    format!(r#"{{"value":[],"hosts":[],"devices":[],"padding":"{}"}}"#, "x".repeat(HUGE))
}

fn half(answer: Answer) -> Answer {
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    let cut = if body.len() < 4 {
        r#"{"value":[{"id":"#.to_owned()
    } else {
        body.chars().take(body.chars().count() / 2).collect()
    };
    Answer::text(200, "application/json", cut)
}

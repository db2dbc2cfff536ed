//! How connections are taken: HTTP/1.1 alone, and nobody holds one by being slow.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use crate::config::Limits;
use crate::ending::{LAST_ANSWERS, Stopping, asked_to_end};

/// So many may come in one moment, as all open pages do when the network between was gone. Whoever finds no place tries
/// again after a second, and then after ever longer.
const WAITING: u32 = 4096;

pub fn bind(address: SocketAddr, key: &str) -> Result<TcpListener, String> {
    listen(address).map_err(|error| {
        format!("cannot listen on {address}: {error}. Is another program there? Set {key} to another address")
    })
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections of a program that ended a moment ago may still be there.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// Serves until the program closes and the last answers are out.
// Neither axum::serve nor axum-server keeps HTTP/2 away and the upgrade of the live stream at once.
pub async fn serve(mut listener: TcpListener, router: Router, limits: Limits, mut stopping: Stopping) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.header_seconds.into()))
        .max_buf_size(usize::try_from(limits.header_bytes).unwrap_or(usize::MAX));
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = tokio::select! {
            // Whoever the system has let in already is not turned away.
            biased;
            Some(_) = connections.join_next() => continue,
            // Waits by itself while the system has no descriptor left.
            accepted = Listener::accept(&mut listener) => accepted,
            () = asked_to_end(&mut stopping) => break,
        };
        let Ok(stream) = patient(stream, Duration::from_secs(limits.write_seconds.into())) else { continue };
        let service = router.clone().map_request(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        });
        let connection =
            http.serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(service));
        let mut stopping = stopping.clone();
        connections.spawn(async move {
            let mut connection = pin!(connection.with_upgrades());
            let ended = tokio::select! {
                // What has been asked is read before the connection can be taken for one that waits.
                biased;
                ended = connection.as_mut() => ended,
                () = asked_to_end(&mut stopping) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, %peer, "a connection was given up");
            }
        });
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_ANSWERS, ended).await.is_err() {
        tracing::warn!("some answers were not taken in time");
    }
}

/// Gives the connection up when its reader takes nothing for so long.
fn patient(stream: TcpStream, write: Duration) -> std::io::Result<TimeoutStream<TcpStream>> {
    // Pages leave in several writes; without this each would wait for an acknowledgement of the one before.
    stream.set_nodelay(true)?;
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write));
    Ok(stream)
}

//! A network cable that can be pulled: it carries connections from a port of its own to another one, well or badly.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    Fair,
    /// Everything arrives so much later.
    Slow(Duration),
    /// Nothing arrives, and nobody is told.
    Held,
    /// Every connection is cut, and new ones at once.
    Cut,
}

pub struct Link {
    pub port: u16,
    weather: watch::Sender<Weather>,
    carrier: AbortHandle,
}

impl Link {
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (weather, told) = watch::channel(Weather::Fair);
        let own = listener.local_addr().unwrap().port();
        Self { port: own, weather, carrier: tokio::spawn(accept(listener, port, told)).abort_handle() }
    }

    /// Of what speaks HTTP at the other end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn becomes(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}

async fn accept(listener: TcpListener, port: u16, weather: watch::Receiver<Weather>) {
    let mut open = JoinSet::new();
    loop {
        let Ok((near, _)) = listener.accept().await else { continue };
        while open.try_join_next().is_some() {}
        open.spawn(carry(near, port, weather.clone()));
    }
}

/// What ends one side ends both.
async fn carry(near: TcpStream, port: u16, mut weather: watch::Receiver<Weather>) {
    if *weather.borrow() == Weather::Cut {
        return;
    }
    let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    for socket in [&near, &far] {
        let _ = socket.set_nodelay(true);
    }
    let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
    tokio::select! {
        () = pump(from_near, to_far, weather.clone()) => {}
        () = pump(from_far, to_near, weather.clone()) => {}
        _ = weather.wait_for(|weather| *weather == Weather::Cut) => {}
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut weather: watch::Receiver<Weather>) {
    let mut some = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut some).await {
        let Ok(now) = weather.wait_for(|weather| *weather != Weather::Held).await.map(|weather| *weather)
        else {
            return;
        };
        if let Weather::Slow(time) = now {
            tokio::time::sleep(time).await;
        }
        if to.write_all(&some[..read]).await.is_err() {
            return;
        }
    }
}

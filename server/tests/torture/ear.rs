use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::support::{Browser, status};

const PATIENCE: Duration = Duration::from_secs(12);
const TEXT: u8 = 1;
const CLOSE: u8 = 8;

/// A page's live stream, spoken by hand: enough of RFC 6455 to listen, over connections that break.
pub struct Ear {
    told: mpsc::UnboundedReceiver<Value>,
    listener: AbortHandle,
}

impl Ear {
    /// None: nobody answers, or nobody is signed in.
    pub async fn open(browser: &Browser, after: i64) -> Option<Self> {
        let mut stream = timeout(PATIENCE, Stream::connect(browser, after)).await.ok()??;
        let (tell, told) = mpsc::unbounded_channel();
        // By itself, so that whoever waits may give up in the middle of a message.
        let listening = tokio::spawn(async move {
            while let Some(update) = stream.told().await {
                let _ = tell.send(update);
            }
        });
        Some(Self { told, listener: listening.abort_handle() })
    }

    /// The next message; None when the stream is over.
    pub async fn told(&mut self) -> Option<Value> {
        self.told.recv().await
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

struct Stream(TcpStream);

impl Stream {
    async fn connect(browser: &Browser, after: i64) -> Option<Self> {
        let host = browser.url.trim_start_matches("http://");
        let mut socket = TcpStream::connect(host).await.ok()?;
        let request = format!(
            "GET /live?after={after} HTTP/1.1\r\nHost: {host}\r\nOrigin: {}\r\nCookie: {}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            browser.url,
            browser.cookie_header()
        );
        socket.write_all(request.as_bytes()).await.ok()?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.ok()?);
        }
        (status(&String::from_utf8_lossy(&head)) == 101).then_some(Self(socket))
    }

    async fn told(&mut self) -> Option<Value> {
        loop {
            let (kind, payload) = self.frame().await?;
            match kind {
                TEXT => return serde_json::from_slice(&payload).ok(),
                CLOSE => return None,
                _ => {}
            }
        }
    }

    /// A server's frames are neither masked nor, here, fragmented.
    async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let kind = self.0.read_u8().await.ok()? & 0x0f;
        let length = match self.0.read_u8().await.ok()? {
            126 => usize::from(self.0.read_u16().await.ok()?),
            127 => usize::try_from(self.0.read_u64().await.ok()?).ok()?,
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).await.ok()?;
        Some((kind, payload))
    }
}

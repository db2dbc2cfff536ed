use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::browser::Browser;
use super::wire::status;

/// The live stream of one tab, spoken by hand: enough of RFC 6455 to listen.
pub struct Stream(TcpStream);

impl Stream {
    /// Opens it and waits for its first message.
    pub fn open(tab: &Browser) -> Self {
        Self::open_telling(tab, &tab.url, "0").expect("an open stream").0
    }

    /// With an Origin and a cursor of one's own: the stream and its first message, or the status it is refused with.
    pub fn open_telling(tab: &Browser, origin: &str, after: &str) -> Result<(Self, String), u16> {
        let mut stream = Self::connect(tab, origin, after)?;
        let told = stream.told();
        Ok((stream, told))
    }

    fn connect(tab: &Browser, origin: &str, after: &str) -> Result<Self, u16> {
        let host = tab.url.trim_start_matches("http://");
        let mut socket = TcpStream::connect(host).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let request = format!(
            "GET /live?after={after} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nCookie: {}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            tab.cookie_header()
        );
        socket.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            socket.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        match status(&String::from_utf8_lossy(&head)) {
            101 => Ok(Self(socket)),
            other => Err(other),
        }
    }

    /// Opens it where there is nothing to hear, and says with which code it is closed.
    pub fn open_telling_close(tab: &Browser) -> u16 {
        Self::connect(tab, &tab.url, "0").expect("an upgrade").closed_with(Duration::from_secs(5))
    }

    /// The next message.
    pub fn told(&mut self) -> String {
        let (kind, payload) = self.frame();
        assert_eq!(kind, TEXT);
        String::from_utf8(payload).unwrap()
    }

    pub fn wait_at_most(&self, time: Duration) {
        self.0.set_read_timeout(Some(time)).unwrap();
    }

    /// Waits for the server to close it, and says with which code.
    pub fn closed_with(mut self, within: Duration) -> u16 {
        self.wait_at_most(within);
        loop {
            let (kind, payload) = self.frame();
            if kind == CLOSE {
                return u16::from_be_bytes([payload[0], payload[1]]);
            }
        }
    }

    /// A server's frames are neither masked nor, here, fragmented.
    fn frame(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).unwrap();
        let length = match head[1] {
            126 => {
                let mut long = [0; 2];
                self.0.read_exact(&mut long).unwrap();
                usize::from(u16::from_be_bytes(long))
            }
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).unwrap();
        (head[0] & 0x0f, payload)
    }
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;

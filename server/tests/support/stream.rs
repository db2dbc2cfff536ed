use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::browser::Browser;

/// The live stream of one tab, spoken by hand: enough of RFC 6455 to listen.
pub struct Stream(TcpStream);

impl Stream {
    /// Opens it and waits for its first message.
    pub fn open(tab: &Browser) -> Self {
        let host = tab.url.trim_start_matches("http://");
        let mut socket = TcpStream::connect(host).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let request = format!(
            "GET /live?after=0 HTTP/1.1\r\nHost: {host}\r\nOrigin: {}\r\nCookie: {}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            tab.url,
            tab.cookie_header()
        );
        socket.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            socket.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        let mut stream = Self(socket);
        let (kind, _) = stream.frame();
        assert_eq!(kind, TEXT);
        stream
    }

    /// Waits for the server to close it, and says with which code.
    pub fn closed_with(mut self, within: Duration) -> u16 {
        self.0.set_read_timeout(Some(within)).unwrap();
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

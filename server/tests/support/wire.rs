use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::program::Program;

/// A connection spoken by hand, for what no well-behaved client says.
pub struct Wire {
    socket: TcpStream,
    host: String,
}

impl Wire {
    pub fn to(program: &Program) -> Self {
        let host = program.url().trim_start_matches("http://").to_owned();
        Self { socket: TcpStream::connect(&host).unwrap(), host }
    }

    /// The head of a request, `HOST` in it being ours. The other side may have gone away already.
    pub fn say(&mut self, text: &str) -> &mut Self {
        let _ = self.socket.write_all(text.replace("HOST", &self.host).as_bytes());
        self
    }

    /// Everything until the server closes the connection, which it has to do in time.
    pub fn rest(&mut self, within: Duration) -> String {
        self.socket.set_read_timeout(Some(within)).unwrap();
        let mut all = Vec::new();
        loop {
            let mut some = [0; 4096];
            match self.socket.read(&mut some) {
                Ok(0) => break,
                Ok(read) => all.extend_from_slice(&some[..read]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
                Err(error) => panic!("still open after {:?}: {error}", String::from_utf8_lossy(&all)),
            }
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    /// One request by itself.
    pub fn ask(program: &Program, head: &str) -> String {
        Self::to(program).say(&format!("{head}\r\nConnection: close\r\n\r\n")).rest(Duration::from_secs(10))
    }
}

/// The status in the first line of an answer; 0 when there was none.
pub fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default()
}

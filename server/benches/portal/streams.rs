//! What it costs to be connected and hear nothing.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::figures::{Figure, Limit};
use crate::load::resident_bytes;
use crate::support::{Browser, Program};

const STREAMS: usize = 10_000;
const AT_ONCE: usize = 100;
const KIB: f64 = 1024.0;

pub async fn measure() -> Vec<Figure> {
    println!("Streams: {STREAMS} open pages that hear nothing");
    let program = Program::start_quiet(vec![("limits.streams_per_person", "10000")]).await;
    let (ana, ben) = (program.browser(), program.browser());
    ana.sign_in("ana").await;
    ben.sign_in("ben").await;
    // What the first ones warm up is not theirs.
    let warm = open(&program, &ben, AT_ONCE).await;
    let before = settled_bytes(&program).await;
    let mut idle = Vec::new();
    while idle.len() < STREAMS {
        idle.extend(open(&program, &ana, AT_ONCE).await);
    }
    let each = (settled_bytes(&program).await - before) / STREAMS as f64;
    drop((warm, idle));
    vec![Figure::new(
        "Memory of an idle live connection",
        each / KIB,
        "KiB",
        Some(Limit::AtMost(12.0)),
        format!("resident, of {STREAMS}"),
    )]
}

/// Until nothing more is being done for them.
async fn settled_bytes(program: &Program) -> f64 {
    tokio::time::sleep(Duration::from_secs(2)).await;
    resident_bytes(program.process())
}

async fn open(program: &Program, tab: &Browser, count: usize) -> Vec<TcpStream> {
    let mut opening = JoinSet::new();
    for _ in 0..count {
        let host = program.url().trim_start_matches("http://").to_owned();
        opening.spawn(connect(host, tab.cookie_header()));
    }
    opening.join_all().await
}

/// Upgraded, and told for the first time.
async fn connect(host: String, cookies: String) -> TcpStream {
    let mut stream = TcpStream::connect(&host).await.unwrap();
    let request = format!(
        "GET /live?after=0 HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {cookies}\r\n\
         Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    while !String::from_utf8_lossy(&said).contains("\"unread\"") {
        let read = stream.read_buf(&mut said).await.unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&said));
    }
    assert!(said.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&said));
    stream
}

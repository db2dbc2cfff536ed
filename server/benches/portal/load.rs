use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::figures::p99;

pub const CLIENTS: usize = 64;
pub const SLOW: usize = 500;

/// What a server did while everybody asked it as fast as they could.
pub struct Done {
    pub per_second: f64,
    pub p99_millis: f64,
    pub cpu_micros: f64,
    /// The most memory it held meanwhile.
    pub resident_bytes: f64,
}

/// Each of the clients asks again as soon as it is answered, over a connection of its own, with one of the cookies.
pub async fn run(process: u32, address: &str, path: &str, cookies: &[String], time: Duration) -> Done {
    let end = Instant::now() + time;
    let (start, cpu) = (Instant::now(), cpu_seconds(process));
    let mut clients = JoinSet::new();
    for cookies in cookies.iter().cycle().take(CLIENTS) {
        clients.spawn(client(address.to_owned(), path.to_owned(), cookies.clone(), end));
    }
    let mut resident = resident_bytes(process);
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(50)).await;
        resident = resident.max(resident_bytes(process));
    }
    let mut times: Vec<f64> = clients.join_all().await.into_iter().flatten().collect();
    let count = times.len() as f64;
    Done {
        per_second: count / start.elapsed().as_secs_f64(),
        p99_millis: p99(&mut times) * 1000.0,
        cpu_micros: (cpu_seconds(process) - cpu) / count * 1e6,
        resident_bytes: resident,
    }
}

async fn client(address: String, path: String, cookies: String, end: Instant) -> Vec<f64> {
    let stream = TcpStream::connect(&address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut times = Vec::new();
    while Instant::now() < end {
        let request = hyper::Request::get(&path)
            .header("host", &address)
            .header("cookie", &cookies)
            .header("accept", "text/html")
            .body(Empty::<Bytes>::new())
            .unwrap();
        let asked = Instant::now();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.into_body().collect().await.unwrap();
        times.push(asked.elapsed().as_secs_f64());
    }
    times
}

/// Connections whose requests never come to their end, half of them in the head and half in the body.
pub async fn dawdle(address: &str) -> JoinSet<()> {
    let mut slow = JoinSet::new();
    for place in 0..SLOW {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let end = if place % 2 == 0 { "x-slow: " } else { "content-length: 1000\r\n\r\n" };
        let start = format!("POST /sign-in HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\n{end}");
        stream.write_all(start.as_bytes()).await.unwrap();
        slow.spawn(async move {
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
    }
    slow
}

/// What the process has used of all processors. Linux counts in hundredths of a second.
pub fn cpu_seconds(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name before may hold spaces; user and system time are the 14th and 15th field.
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

pub fn resident_bytes(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0
}

//! What it costs to be connected and hear nothing, how soon one hears, and how all come back when the program was gone.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use domain::live::{LiveUpdate, millis_until_again};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::figures::{Figure, Limit, median, p99, said};
use crate::load::{cpu_seconds, resident_bytes};
use crate::support::{Browser, GALAXY, Program};

/// `cargo bench --bench portal streams` measures this alone.
pub const NAME: &str = "streams";
const STREAMS: usize = 10_000;
const WARM: usize = 100;
/// Of one person, who is told of each.
const SIGNALS: usize = 300;
const EVENTS: usize = 5;
const KIB: f64 = 1024.0;
const AT_MOST: Duration = Duration::from_mins(2);
const RESTARTING: u16 = 1012;

pub async fn measure() -> Vec<Figure> {
    println!("Streams: {STREAMS} open pages of as many people, and then of one");
    let mut figures = of_many().await;
    figures.extend(of_one().await);
    figures
}

/// What it takes to hold them, what a signal for one costs beside the others, and how they come back.
async fn of_many() -> Vec<Figure> {
    let mut program = Program::start_quiet(vec![("limits.streams_per_person", "10000")]).await;
    let (ana, ben) = (program.browser(), program.browser());
    ana.sign_in("ana").await;
    ben.sign_in("ben").await;
    let cookies = program.add_people(STREAMS).await;
    // What the first ones warm up is not theirs.
    let warm = Pages::open(&program, vec![ben.cookie_header(); WARM]).await;
    let alone = signal_micros(&program, &ana).await;
    let before = settled_bytes(&program).await;
    let mut pages = Pages::open(&program, cookies).await;
    let each = (settled_bytes(&program).await - before) / STREAMS as f64;
    let beside = signal_micros(&program, &ana).await;
    drop(warm);

    let (restart, missed_at_restart) = pages.come_back(&mut program, |program| program.signal("TERM")).await;
    let (crash, missed_in_crash) = pages.come_back(&mut program, |program| program.signal("KILL")).await;
    vec![
        Figure::new(
            "Memory of an idle live connection",
            each / KIB,
            "KiB",
            Some(Limit::AtMost(12.0)),
            format!("resident, of {STREAMS} people"),
        ),
        Figure::new(
            "CPU of a change of one person beside them, to that without",
            beside / alone,
            "×",
            Some(Limit::AtMost(2.0)),
            format!("{} to {}", said(beside, "µs"), said(alone, "µs")),
        ),
        Figure::new(
            "Until all are back after a restart, and told what happened meanwhile",
            restart,
            "s",
            Some(Limit::AtMost(30.0)),
            format!("from SIGTERM; {missed_at_restart} missed it; after kill -9 {}", said(crash, "s")),
        ),
        Figure::new(
            "Events that any of them missed",
            (missed_at_restart + missed_in_crash) as f64,
            "",
            Some(Limit::AtMost(0.0)),
            format!("of {}", 2 * STREAMS),
        ),
    ]
}

/// From the end of a reset to all open pages of its owner.
async fn of_one() -> Vec<Figure> {
    let program = Program::start_quiet(vec![("limits.streams_per_person", "10000")]).await;
    let (ana, watching) = (program.browser(), program.browser());
    watching.sign_in("ana").await;
    let mut pages = Pages::open(&program, vec![watching.cookie_header(); STREAMS]).await;
    let (mut late, mut last) = (Vec::new(), Vec::new());
    for _ in 0..EVENTS {
        let device = ana.prove("ana", GALAXY).await;
        assert_eq!(ana.reset(&device).await.status, 200);
        let told = pages.told().await;
        assert_eq!(told.len(), STREAMS, "somebody was not told");
        last.push(told.iter().copied().fold(0.0, f64::max));
        late.extend(told);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let (middle, slowest) = (said(median(&mut late), "ms"), said(median(&mut last), "ms"));
    vec![Figure::new(
        &format!("From the end of a reset to {STREAMS} open pages of its owner, p99"),
        p99(&mut late),
        "ms",
        Some(Limit::AtMost(250.0)),
        format!("median {middle}, the last of all {slowest}; {EVENTS} resets"),
    )]
}

/// Until nothing more is being done for them.
async fn settled_bytes(program: &Program) -> f64 {
    tokio::time::sleep(Duration::from_secs(2)).await;
    resident_bytes(program.process())
}

/// What the program works for one request that tells the pages of its person of a change.
async fn signal_micros(program: &Program, tab: &Browser) -> f64 {
    let before = cpu_seconds(program.process());
    for _ in 0..SIGNALS {
        assert_eq!(tab.call("mark_read", &[("cursor", "0")]).await.status, 200);
        // One change by itself, as they come.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    (cpu_seconds(program.process()) - before) / SIGNALS as f64 * 1e6
}

/// Open pages, and what they are told. They come back as those in browsers do.
struct Pages {
    open: JoinSet<()>,
    heard: mpsc::UnboundedReceiver<Heard>,
}

enum Heard {
    /// The stream has told its first message.
    Open,
    /// So many milliseconds after it happened.
    News(f64),
}

impl Pages {
    async fn open(program: &Program, cookies: Vec<String>) -> Self {
        let host: Arc<str> = program.url().trim_start_matches("http://").into();
        let (tell, heard) = mpsc::unbounded_channel();
        let at_once = Arc::new(Semaphore::new(WARM));
        let mut this = Self { open: JoinSet::new(), heard };
        let count = cookies.len();
        for cookies in cookies {
            let page = Page { host: Arc::clone(&host), cookies, cursor: 0, tell: tell.clone() };
            let at_once = Arc::clone(&at_once);
            this.open.spawn(page.live(at_once));
        }
        this.until_open(count).await;
        this
    }

    async fn until_open(&mut self, count: usize) {
        let open = async {
            let mut open = 0;
            while open < count {
                open += usize::from(matches!(self.heard.recv().await, Some(Heard::Open)));
            }
        };
        timeout(AT_MOST, open).await.expect("open streams");
    }

    /// How late each was told of one event, of those that were.
    async fn told(&mut self) -> Vec<f64> {
        let mut told = Vec::new();
        let all = async {
            while told.len() < STREAMS {
                if let Some(Heard::News(late)) = self.heard.recv().await {
                    told.push(late);
                }
            }
        };
        let _ = timeout(AT_MOST, all).await;
        told
    }

    /// Seconds until all are open again and were told what happened while the program was gone, and who was not.
    async fn come_back(&mut self, program: &mut Program, end: impl Fn(&Program)) -> (f64, usize) {
        let asked = Instant::now();
        end(program);
        program.ended(Duration::from_secs(10)).await;
        program.tell_people().await;
        program.start_again().await;
        let told = self.told().await.len();
        (asked.elapsed().as_secs_f64(), STREAMS - told)
    }
}

struct Page {
    host: Arc<str>,
    cookies: String,
    cursor: i64,
    tell: mpsc::UnboundedSender<Heard>,
}

impl Page {
    /// At first they come a few at a time, later as they like.
    async fn live(mut self, at_once: Arc<Semaphore>) {
        let mut turn = Some(at_once.acquire_owned().await.unwrap());
        let mut failures = 0;
        loop {
            let code = match TcpStream::connect(&*self.host).await {
                Ok(stream) => {
                    self.listen(stream, || {
                        turn.take();
                        failures = 0;
                    })
                    .await
                }
                Err(_) => None,
            };
            let chance = f64::from(getrandom::u32().unwrap()) / f64::from(u32::MAX);
            let wait = millis_until_again(code == Some(RESTARTING), failures, chance);
            failures += 1;
            tokio::time::sleep(Duration::from_millis(wait.into())).await;
        }
    }

    /// Until the stream ends: with which code, if it said one.
    async fn listen(&mut self, mut stream: TcpStream, mut opened: impl FnMut()) -> Option<u16> {
        let Self { host, cookies, cursor, .. } = self;
        let request = format!(
            "GET /live?after={cursor} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {cookies}\r\n\
             Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut said = Vec::new();
        let head = loop {
            if let Some(end) = said.windows(4).position(|end| end == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut said).await.ok()? == 0 {
                return None;
            }
        };
        assert!(said.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&said));
        said.drain(..head);
        let mut is_open = false;
        loop {
            while let Some((kind, payload)) = frame(&mut said) {
                match kind {
                    TEXT => {
                        self.hear(&payload);
                        if !is_open {
                            is_open = true;
                            opened();
                            let _ = self.tell.send(Heard::Open);
                        }
                    }
                    CLOSE => return Some(u16::from_be_bytes([payload[0], payload[1]])),
                    // An empty one, masked with nothing.
                    PING => stream.write_all(&[0x80 | PONG, 0x80, 0, 0, 0, 0]).await.ok()?,
                    other => panic!("a frame of kind {other}"),
                }
            }
            if stream.read_buf(&mut said).await.ok()? == 0 {
                return None;
            }
        }
    }

    fn hear(&mut self, text: &[u8]) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as i64;
        let update: LiveUpdate = serde_json::from_slice(text).unwrap();
        self.cursor = update.cursor;
        for news in update.fresh {
            let _ = self.tell.send(Heard::News((now - news.at.0) as f64));
        }
    }
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// The next frame, if all of it is there. A server's are neither masked nor, here, fragmented.
fn frame(said: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let (&[first, short], rest) = said.split_first_chunk()?;
    let (length, start) = match short {
        126 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
        short => (usize::from(short), 2),
    };
    let payload = said.get(start..start + length)?.to_vec();
    said.drain(..start + length);
    Some((first & 0x0f, payload))
}

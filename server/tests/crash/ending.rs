//! Asked to end: behind a load balancer nobody notices, and what an MDM has not answered goes on elsewhere at once.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use stand_ins::{Fault, Kind};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::support::{Browser, Mdms, Program, Stream, now, until};

const WITHIN: Duration = Duration::from_secs(10);
const STREAMS: usize = 20;
const RESTARTING: u16 = 1012;

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_behind_a_load_balancer() {
    let balancer = Balancer::start().await;
    let drain = ("server.drain_seconds", "3");
    let mut leaving = Program::start_quiet(vec![drain, ("server.public_url", balancer.url().leak())]).await;
    balancer.add(&leaving);
    let ana = Browser::new(balancer.url(), Arc::clone(&leaving.secrets));
    ana.sign_in("ana").await;
    let streams: Vec<Stream> = (0..STREAMS).map(|_| Stream::open(&ana)).collect();
    let staying = leaving.twin().await;
    balancer.add(&staying);

    let traffic = Traffic::begin(&ana);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let slow = SlowForm::begin(&leaving, &ana).await;
    let asked = Instant::now();
    leaving.signal("TERM");
    let mut closed = JoinSet::new();
    for stream in streams {
        closed.spawn_blocking(move || stream.closed_with(WITHIN));
    }
    until("it is not ready any more", Duration::from_millis(500), async || {
        let answer = reqwest::get(leaving.readiness()).await.unwrap();
        (answer.status() == 503).then_some(())
    })
    .await;
    // The load balancer has not asked again; whoever comes is served.
    let served =
        reqwest::Client::new().get(format!("{}/sign-in", leaving.url())).header("host", &balancer.host);
    let served = served.send().await.unwrap();
    assert_eq!((served.status().as_u16(), &served.headers()["connection"]), (200, &"close".parse().unwrap()));

    tokio::time::sleep(Duration::from_millis(3_500).saturating_sub(asked.elapsed())).await;
    assert!(slow.end().await.starts_with("HTTP/1.1 200"), "what had begun is answered");
    assert!(leaving.ended(WITHIN.saturating_sub(asked.elapsed())).await);
    let took = asked.elapsed();
    assert_eq!(closed.join_all().await, [RESTARTING; STREAMS]);
    Stream::open(&ana);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (answered, failed) = traffic.end().await;
    println!("ended after {took:?}: {answered} requests were answered, {} failed", failed.len());
    assert!(answered > 200, "there was hardly any traffic: {answered}");
    assert!(failed.is_empty(), "{failed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_while_mdms_do_not_answer() {
    const SILENT: [Kind; 2] = [Kind::NanoMdm, Kind::Fleet];
    let mdms = Mdms::start().await;
    let patience = SILENT
        .map(|kind| -> (&str, &str) { (format!("fleet.{}.timeout_seconds", kind.name()).leak(), "60") });
    let mut program = Program::start_quiet([mdms.settings(), patience.to_vec()].concat()).await;
    mdms.tell(&program).await;
    let ana = program.browser();
    for kind in SILENT {
        mdms.suffer_on_order(kind, Fault::Slow(Duration::from_hours(1)));
        let device = ana.prove_for(kind).await;
        assert_eq!(ana.reset(&device).await.status, 200);
    }
    until("both are being sent", WITHIN, async || {
        program.commands().await.iter().all(|(_, state)| state == "sending").then_some(())
    })
    .await;

    let asked = Instant::now();
    program.signal("TERM");
    assert!(program.ended(WITHIN).await);
    println!("ended after {:?}", asked.elapsed());
    let leases = program.leases().await;
    assert_eq!(leases.len(), SILENT.len());
    for (state, due, fence) in leases {
        assert_eq!((state.as_str(), fence), ("sending", 1));
        assert!(due <= now() * 1000 + 999, "due only in {} ms", due - now() * 1000);
    }

    program.start_again().await;
    program.settled().await;
    let states: Vec<String> = program.commands().await.into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["done", "failed"], "Fleet cannot be asked, and nobody is told more than is known");
    assert_eq!(mdms.executions(Kind::NanoMdm), 1, "it takes two for one");
    assert_eq!(mdms.orders(Kind::Fleet).len(), 1, "what may have been sent is not sent again");
}

#[tokio::test]
async fn asked_to_end_by_whoever_does_not_wait() {
    const AT_ONCE: Duration = Duration::from_secs(2);
    let mut program = Program::start_quiet(vec![("server.drain_seconds", "30")]).await;
    program.signal("INT");
    assert!(program.ended(AT_ONCE).await, "Ctrl-C waits for no load balancer");
    program.start_again().await;
    program.signal("TERM");
    tokio::time::sleep(AT_ONCE).await;
    program.signal("TERM");
    assert!(!program.ended(AT_ONCE).await, "what was cut off is no good end");
}

/// Passes each new connection to a program that is ready, one after the other, and asks them twice a second.
#[derive(Clone)]
struct Balancer {
    host: String,
    ready: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Balancer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let this = Self { host, ready: Arc::default() };
        let ready = Arc::clone(&this.ready);
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let to = {
                    let mut ready = ready.lock().unwrap();
                    ready.rotate_left(1);
                    ready[0]
                };
                tokio::spawn(async move {
                    let mut program = TcpStream::connect(to).await.unwrap();
                    let _ = copy_bidirectional(&mut client, &mut program).await;
                });
            }
        });
        this
    }

    fn url(&self) -> String {
        format!("http://{}", self.host)
    }

    fn add(&self, program: &Program) {
        let address = program.url().trim_start_matches("http://").parse().unwrap();
        self.ready.lock().unwrap().push(address);
        let (ready, readiness) = (Arc::clone(&self.ready), program.readiness());
        tokio::spawn(async move {
            while reqwest::get(&readiness).await.is_ok_and(|answer| answer.status() == 200) {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            ready.lock().unwrap().retain(|other| *other != address);
        });
    }
}

/// People who read pages and send forms, some over connections they keep, some over one each time.
struct Traffic {
    over: Arc<AtomicBool>,
    clients: JoinSet<(usize, Vec<String>)>,
}

impl Traffic {
    fn begin(tab: &Browser) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for keeps in [true, true, true, true, false, false] {
            let host = tab.url.trim_start_matches("http://").to_owned();
            let client = Client { host, cookies: tab.cookie_header(), keeps, kept: None };
            clients.spawn(client.run(Arc::clone(&over)));
        }
        Self { over, clients }
    }

    async fn end(self) -> (usize, Vec<String>) {
        self.over.store(true, Ordering::Relaxed);
        let each = self.clients.join_all().await;
        (
            each.iter().map(|(answered, _)| answered).sum(),
            each.into_iter().flat_map(|(_, failed)| failed).collect(),
        )
    }
}

struct Client {
    host: String,
    cookies: String,
    keeps: bool,
    kept: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    async fn run(mut self, over: Arc<AtomicBool>) -> (usize, Vec<String>) {
        let (mut answered, mut failed) = (0, Vec::new());
        while !over.load(Ordering::Relaxed) {
            let request = if answered % 2 == 0 { ("GET", "/devices") } else { ("POST", "/api/countdown") };
            match self.ask(request).await {
                Ok(200) => answered += 1,
                Ok(other) => failed.push(format!("{request:?} {other}")),
                Err(error) => failed.push(format!("{request:?} {error}")),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        (answered, failed)
    }

    /// Nothing is tried a second time.
    async fn ask(&mut self, (method, path): (&str, &str)) -> Result<u16, hyper::Error> {
        let mut sender = match self.kept.take() {
            Some(kept) if !kept.is_closed() => kept,
            _ => {
                let stream = TcpStream::connect(&self.host).await.unwrap();
                let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
                tokio::spawn(connection);
                sender
            }
        };
        let request = hyper::Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.host)
            .header("origin", format!("http://{}", self.host))
            .header("cookie", &self.cookies)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::default())
            .unwrap();
        let answer = sender.send_request(request).await?;
        let status = answer.status().as_u16();
        let closes = answer.headers().get("connection").is_some_and(|said| said == "close");
        answer.into_body().collect().await?;
        if self.keeps && !closes {
            self.kept = Some(sender);
        }
        Ok(status)
    }
}

/// A form whose end comes only when the program has begun to close.
struct SlowForm(TcpStream);

impl SlowForm {
    async fn begin(program: &Program, tab: &Browser) -> Self {
        let mut stream = TcpStream::connect(program.url().trim_start_matches("http://")).await.unwrap();
        let host = tab.url.trim_start_matches("http://");
        let head = format!(
            "POST /api/countdown HTTP/1.1\r\nhost: {host}\r\norigin: {}\r\ncookie: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: 4\r\n\r\na=",
            tab.url,
            tab.cookie_header()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        Self(stream)
    }

    async fn end(mut self) -> String {
        self.0.write_all(b"bc").await.unwrap();
        let mut answer = Vec::new();
        self.0.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

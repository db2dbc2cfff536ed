//! How long after its end a reset is told at the flag.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::figures::{Figure, Limit, median, p99, said};
use crate::support::{Browser, Portal, Postgres, Program, Stream};

/// `cargo bench --bench portal flag` measures this alone.
pub const NAME: &str = "flag";
const BATCHES: usize = 5;
const BATCH: usize = 40;
/// As many as come at once.
const CLIENTS: usize = 16;

pub async fn measure() -> Vec<Figure> {
    println!("Flag: {BATCHES} batches of {BATCH} resets by {CLIENTS} clients, with an open page");
    let settings = || vec![("limits.resets_per_device_and_hour", "1000")];
    let in_file = Program::start_quiet(settings()).await;
    let postgres = Postgres::start().await;
    let portal = Portal::there(postgres.create("portal"));
    let on_server = Program::start_quiet_on(portal, settings()).await;
    vec![lateness(in_file, "SQLite").await, lateness(on_server, "PostgreSQL").await]
}

async fn lateness(program: Program, engine: &str) -> Figure {
    let count = BATCHES * BATCH;
    program.add_phones("ben", count).await;
    let mut prepared = prepare(&program).await;
    let ben = program.browser();
    ben.sign_in("ben").await;
    let told = tokio::task::spawn_blocking(move || listen(&ben, count));
    for _ in 0..BATCHES {
        submit(prepared.split_off(prepared.len() - BATCH)).await;
        program.settled().await;
    }
    let mut late = told.await.unwrap();
    Figure::new(
        &format!("From the end of a reset to the flag on {engine}, p99"),
        p99(&mut late),
        "ms",
        Some(Limit::AtMost(250.0)),
        format!("median {}", said(median(&mut late), "ms")),
    )
}

async fn prepare(program: &Program) -> Vec<(Browser, String)> {
    let ben = program.browser();
    ben.sign_in("ben").await;
    let turns = Arc::new(Semaphore::new(2));
    let mut proving = JoinSet::new();
    for device in ben.devices().await.into_values().take(BATCHES * BATCH) {
        let (browser, turns) = (program.browser(), Arc::clone(&turns));
        proving.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            browser.sign_in("ben").await;
            browser.prove_again("ben", &device).await;
            (browser, device)
        });
    }
    proving.join_all().await
}

async fn submit(prepared: Vec<(Browser, String)>) {
    let turns = Arc::new(Semaphore::new(CLIENTS));
    let mut submits = JoinSet::new();
    for (browser, device) in prepared {
        let turns = Arc::clone(&turns);
        submits.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            assert_eq!(browser.reset(&device).await.status, 200);
        });
    }
    submits.join_all().await;
}

/// One open page. How many milliseconds after its end each reset is told there.
fn listen(tab: &Browser, count: usize) -> Vec<f64> {
    let mut stream = Stream::open(tab);
    stream.wait_at_most(Duration::from_mins(2));
    let mut late = Vec::new();
    while late.len() < count {
        let update: serde_json::Value = serde_json::from_str(&stream.told()).unwrap();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as f64;
        for news in update["fresh"].as_array().unwrap() {
            late.push(now - news["at"].as_f64().unwrap());
        }
    }
    late
}

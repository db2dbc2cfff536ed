//! Resets a second that are on the disk when they are answered, beside the commits a second of the same SQLite; and how
//! long after its end a reset is told at the flag.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::figures::{Figure, Limit, median, p99, said};
use crate::support::{Browser, Program, Stream};

const BATCHES: usize = 5;
const BATCH: usize = 40;

pub async fn measure() -> Vec<Figure> {
    let count = BATCHES * BATCH;
    println!(
        "Submits: {count} resets with their grants prepared, in {BATCHES} batches beside as many commits"
    );
    let program = Program::start_quiet(vec![("limits.resets_per_device_and_hour", "1000")]).await;
    program.add_phones("ben", count).await;
    let mut prepared = prepare(&program).await;
    let ben = program.browser();
    ben.sign_in("ben").await;
    let told = tokio::task::spawn_blocking(move || listen(&ben, count));
    let mut raw = raw_database(&program).await;

    let mut ratios = Vec::new();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..BATCHES {
        let commits = commits_per_second(&mut raw).await;
        let submits = submits_per_second(prepared.split_off(prepared.len() - BATCH)).await;
        ratios.push(commits / submits);
        ours.push(submits);
        theirs.push(commits);
        program.settled().await;
    }
    let mut late = told.await.unwrap();
    vec![
        Figure::new(
            "Commits of the same SQLite in the time of one durable submit",
            median(&mut ratios),
            "×",
            None,
            format!("{} to {}", said(median(&mut theirs), "/s"), said(median(&mut ours), "/s")),
        ),
        Figure::new(
            "From the end of a reset to the flag, p99",
            p99(&mut late),
            "ms",
            Some(Limit::AtMost(250.0)),
            format!("median {}", said(median(&mut late), "ms")),
        ),
    ]
}

/// Signed out and back in, each for a phone of its own. Two at a time: it is the hashing of passwords that takes long.
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

async fn submits_per_second(prepared: Vec<(Browser, String)>) -> f64 {
    let count = prepared.len() as f64;
    let start = Instant::now();
    let mut submits = JoinSet::new();
    for (browser, device) in prepared {
        submits.spawn(async move { assert_eq!(browser.reset(&device).await.status, 200) });
    }
    submits.join_all().await;
    count / start.elapsed().as_secs_f64()
}

/// In the same folder, as durable as the portal's own.
async fn raw_database(program: &Program) -> SqliteConnection {
    let mut raw = SqliteConnectOptions::new()
        .filename(program.data().join("raw.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .connect()
        .await
        .unwrap();
    sqlx::query("CREATE TABLE raw (id INTEGER PRIMARY KEY, text TEXT)").execute(&mut raw).await.unwrap();
    raw
}

async fn commits_per_second(raw: &mut SqliteConnection) -> f64 {
    let start = Instant::now();
    for _ in 0..BATCH {
        let mut tx = raw.begin_with("BEGIN IMMEDIATE").await.unwrap();
        sqlx::query("INSERT INTO raw (text) VALUES ('a row')").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    }
    BATCH as f64 / start.elapsed().as_secs_f64()
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

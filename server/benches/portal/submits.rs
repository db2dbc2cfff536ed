//! Resets a second that are on the disk when they are answered, beside the commits a second of the same database on the
//! same disk: several that come at once share a commit. And how long after its end a reset is told at the flag.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures::future::{join_all, try_join_all};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::figures::{Figure, Limit, median, p99, said};
use crate::support::{Browser, Portal, Postgres, Program, Stream};

pub const NAME: &str = "submits";
const BATCHES: usize = 5;
const BATCH: usize = 40;
const COMMITS: usize = 400;
/// As many as come at once.
const CLIENTS: usize = 16;

pub async fn measure() -> Vec<Figure> {
    let settings = || vec![("limits.resets_per_device_and_hour", "1000")];
    let mut figures = beside(Program::start_quiet(settings()).await, "SQLite").await;
    let postgres = Postgres::start().await;
    let portal = Portal::there(postgres.create("portal"));
    figures.extend(beside(Program::start_quiet_on(portal, settings()).await, "PostgreSQL").await);
    figures
}

async fn beside(program: Program, engine: &str) -> Vec<Figure> {
    let count = BATCHES * BATCH;
    println!(
        "Submits: {count} resets by {CLIENTS} clients, with their grants prepared, in {BATCHES} batches, each beside {COMMITS} commits of {engine}"
    );
    let mut raw = Raw::beside(&program.portal).await;
    program.add_phones("ben", count).await;
    let mut prepared = prepare(&program).await;
    let ben = program.browser();
    ben.sign_in("ben").await;
    let told = tokio::task::spawn_blocking(move || listen(&ben, count));

    let mut ratios = Vec::new();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..BATCHES {
        let commits = raw.commits_per_second().await;
        let submits = submits_per_second(prepared.split_off(prepared.len() - BATCH)).await;
        ratios.push(submits / commits);
        ours.push(submits);
        theirs.push(commits);
        program.settled().await;
    }
    let mut late = told.await.unwrap();
    vec![
        Figure::new(
            &format!("Durable submits at {CLIENTS} clients, to commits of the same {engine}"),
            median(&mut ratios),
            "×",
            Some(Limit::AtLeast(0.5)),
            format!("{} to {}", said(median(&mut ours), "/s"), said(median(&mut theirs), "/s")),
        ),
        Figure::new(
            &format!("From the end of a reset to the flag on {engine}, p99"),
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
    let turns = Arc::new(Semaphore::new(CLIENTS));
    let start = Instant::now();
    let mut submits = JoinSet::new();
    for (browser, device) in prepared {
        let turns = Arc::clone(&turns);
        submits.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            assert_eq!(browser.reset(&device).await.status, 200);
        });
    }
    submits.join_all().await;
    count / start.elapsed().as_secs_f64()
}

/// A table of its own on the same disk, as durable as the portal's.
enum Raw {
    /// Another connection would only wait for this one.
    Sqlite(SqliteConnection),
    /// One a client.
    Postgres(Vec<PgConnection>),
}

const MAKE: &str = "CREATE TABLE raw (text TEXT)";
const INSERT: &str = "INSERT INTO raw (text) VALUES ('a row')";

impl Raw {
    async fn beside(portal: &Portal) -> Self {
        match portal {
            Portal::File(file) => {
                let options = SqliteConnectOptions::new()
                    .filename(file.with_file_name("raw.db"))
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full);
                let mut connection = options.connect().await.unwrap();
                sqlx::query(MAKE).execute(&mut connection).await.unwrap();
                Self::Sqlite(connection)
            }
            Portal::Server { url, .. } => {
                let connecting = (0..CLIENTS).map(|_| PgConnection::connect(url));
                let mut connections = try_join_all(connecting).await.unwrap();
                sqlx::query(MAKE).execute(&mut connections[0]).await.unwrap();
                Self::Postgres(connections)
            }
        }
    }

    async fn commits_per_second(&mut self) -> f64 {
        let start = Instant::now();
        match self {
            Self::Sqlite(connection) => {
                for _ in 0..COMMITS {
                    sqlx::query(INSERT).execute(&mut *connection).await.unwrap();
                }
            }
            Self::Postgres(connections) => {
                let share = COMMITS / connections.len();
                let clients = connections.iter_mut().map(|connection| async move {
                    for _ in 0..share {
                        sqlx::query(INSERT).execute(&mut *connection).await.unwrap();
                    }
                });
                join_all(clients).await;
            }
        }
        COMMITS as f64 / start.elapsed().as_secs_f64()
    }
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

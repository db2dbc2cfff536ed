//! Resets a second that are on the disk when they are acknowledged, their grants prepared beforehand, beside the commits a
//! second of the same database on the same disk: of one row, and of the rows that a reset is made of. The rules, which read
//! before they write, and the chain of the audit are in ours alone; several that come at once share a commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use domain::Timestamp;
use domain::command::{Command, CommandId};
use domain::device::{Capability, Device, Platform};
use domain::passcode::{Maker, PasscodePolicy};
use domain::person::{Actor, Person, PersonId, SessionId};
use domain::ports::Store;
use futures::future::{join_all, try_join_all};
use server::database::query;
use server::store::sql::SqlStore;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, SqliteConnection};
use uuid::Uuid;

use crate::figures::{Figure, Limit, median, said};
use crate::support::Postgres;

/// `cargo bench --bench portal commits` measures this alone.
pub const NAME: &str = "commits";
const CLIENTS: [usize; 2] = [1, 16];
const ROUNDS: usize = 5;
/// Of each client count and round.
const RESETS: usize = 480;

pub async fn measure() -> Vec<Figure> {
    println!(
        "Commits: {RESETS} resets by 1 and by 16 clients, {ROUNDS} rounds beside as many commits of the engine"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = |name| folder.path().join(name);
    let ours = Ours::new(SqlStore::in_file(&file("portal.db")).await.unwrap()).await;
    let raw = Ours::new(SqlStore::in_file(&file("raw.db")).await.unwrap()).await;
    let options = SqliteConnectOptions::new()
        .filename(file("raw.db"))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let raw = Raw::of(Connections::Sqlite(options.connect().await.unwrap()), &raw, "0").await;
    let mut figures = beside(&ours, raw, "SQLite").await;

    let postgres = Postgres::start().await;
    let (ours, url) = (postgres.create("portal"), postgres.create("raw"));
    let ours = Ours::new(SqlStore::on_server(&ours, 8).await.unwrap()).await;
    let raw = Ours::new(SqlStore::on_server(&url, 1).await.unwrap()).await;
    let connections = (0..CLIENTS[1]).map(|_| PgConnection::connect(&url));
    let connections = Connections::Postgres(try_join_all(connections).await.unwrap());
    figures.extend(beside(&ours, Raw::of(connections, &raw, "now()").await, "PostgreSQL").await);
    figures
}

async fn beside(ours: &Ours, mut raw: Raw, engine: &str) -> Vec<Figure> {
    let mut figures = Vec::new();
    for clients in CLIENTS {
        let (mut to_one, mut to_rows) = (Vec::new(), Vec::new());
        let (mut resets, mut ones, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let one = raw.per_second(clients, 0).await;
            let same = raw.per_second(clients, 1).await;
            let reset = ours.per_second(clients).await;
            to_one.push(reset / one);
            to_rows.push(reset / same);
            resets.push(reset);
            ones.push(one);
            rows.push(same);
        }
        let reset = said(median(&mut resets), "/s");
        for (of, ratios, theirs, limit) in [
            ("of one row", &mut to_one, &mut ones, None),
            (
                "of the same rows",
                &mut to_rows,
                &mut rows,
                (clients == CLIENTS[1]).then_some(Limit::AtLeast(0.5)),
            ),
        ] {
            let theirs = said(median(theirs), "/s");
            figures.push(Figure::new(
                &format!("Durable resets of {clients} at once on {engine}, to its own commits {of}"),
                median(ratios),
                "×",
                limit,
                match raw.connections {
                    Connections::Sqlite(_) => format!("{reset} to {theirs}, one after the other"),
                    Connections::Postgres(_) => format!("{reset} to {theirs}"),
                },
            ));
        }
    }
    figures
}

struct Ours {
    store: Arc<SqlStore>,
    /// One a client.
    actors: Vec<Actor>,
    now: Timestamp,
}

impl Ours {
    async fn new(store: SqlStore) -> Self {
        let millis = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        let now = Timestamp(i64::try_from(millis).unwrap());
        let mut actors = Vec::new();
        for client in 0..CLIENTS[1] {
            let person = Person {
                id: PersonId(random()),
                user_name: format!("person{client}"),
                name: format!("Person {client}"),
                email: format!("person{client}@example.com"),
                subject: String::new(),
                it_admin: false,
            };
            store.add_person(&person, "", now).await.unwrap();
            let session = SessionId(random());
            let mut tx = store.database().write().await.unwrap();
            query("INSERT INTO sessions (id, token, person, agent, authenticated_at, last_used_at) VALUES ($1, $2, $3, '', $4, $4)")
                .bind(session.0)
                .bind(&session.0.as_bytes()[..])
                .bind(person.id.0)
                .bind(now)
                .execute(&mut tx)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            actors.push(Actor { person, session, proven_at: Some(now) });
        }
        Self { store: Arc::new(store), actors, now }
    }

    async fn per_second(&self, clients: usize) -> f64 {
        let mut tx = self.store.database().write().await.unwrap();
        let mut prepared = Vec::new();
        for actor in &self.actors[..clients] {
            let devices: Vec<Device> = (0..RESETS / clients).map(|_| self.device()).collect();
            for device in &devices {
                query("INSERT INTO grants (id, person, device, session, granted_at) VALUES ($1, $2, $3, $4, $5)")
                    .bind(random())
                    .bind(actor.person.id.0)
                    .bind(device.id.to_string())
                    .bind(actor.session.0)
                    .bind(self.now)
                    .execute(&mut tx)
                    .await
                    .unwrap();
            }
            prepared.push((actor, devices));
        }
        tx.commit().await.unwrap();
        let start = Instant::now();
        let all = prepared.iter().map(|(actor, devices)| async move {
            for device in devices {
                let id = CommandId(random());
                let command = Command::reset_passcode(id, actor.person.id, device, self.now);
                self.store.submit(actor, device, &command, 100, self.now).await.unwrap();
            }
        });
        join_all(all).await;
        RESETS as f64 / start.elapsed().as_secs_f64()
    }

    fn device(&self) -> Device {
        Device {
            id: format!("virtual.{}", random()).parse().unwrap(),
            name: "A phone".to_owned(),
            model: "a model".to_owned(),
            system: "a system".to_owned(),
            platform: Platform::Android,
            last_seen: self.now,
            online: true,
            policy: PasscodePolicy { min_length: 8, maker: Maker::Portal },
            reset: Capability::Possible,
        }
    }
}

fn random() -> Uuid {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    Uuid::from_bytes(bytes)
}

/// Commits by hand to tables like ours, as durable, and without a rule.
struct Raw {
    connections: Connections,
    /// Of one row, and of those of a reset.
    transactions: [Vec<String>; 2],
    /// One a client.
    people: Vec<Uuid>,
}

enum Connections {
    /// Another one would only wait for this one.
    Sqlite(SqliteConnection),
    /// One a client.
    Postgres(Vec<PgConnection>),
}

const ONE_ROW: &[&str] = &["INSERT INTO raw (text) VALUES ('a row')"];
/// A new id is $1, the person $2, and a number $3. The grant is new, so that none has to be prepared.
const SAME_ROWS: &[&str] = &[
    "BEGIN",
    "INSERT INTO grants (id, person, device, session, granted_at, spent_on)
     SELECT $1, $2, 'virtual.' || $3, id, NOW, $1 FROM sessions WHERE person = $2",
    "INSERT INTO commands (id, kind, person, device, device_name, platform, min_length, maker, state, created_at, deadline, due_at)
     VALUES ($1, 'reset_passcode', $2, 'virtual.' || $3, 'A phone', 'android', 8, 'portal', 'queued', NOW, NOW, NOW)",
    "INSERT INTO command_steps (command, state, at) VALUES ($1, 'queued', NOW)",
    "INSERT INTO audit (seq, at, person, event, command) VALUES ($3, NOW, $2, 'reset_submitted', $1)",
    "COMMIT",
];

static NUMBER: AtomicI64 = AtomicI64::new(1_000_000);

macro_rules! commit {
    ($connection:expr, $statements:expr, $person:expr) => {
        let id = random();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        for statement in $statements {
            let mut asked = sqlx::query(AssertSqlSafe(statement.as_str()));
            if statement.contains("$1") {
                asked = asked.bind(id);
            }
            if statement.contains("$2") {
                asked = asked.bind($person);
            }
            if statement.contains("$3") {
                asked = asked.bind(number);
            }
            asked.execute(&mut *$connection).await.unwrap();
        }
    };
}

impl Raw {
    async fn of(mut connections: Connections, tables: &Ours, now: &str) -> Self {
        let raw = "CREATE TABLE raw (text TEXT)";
        match &mut connections {
            Connections::Sqlite(connection) => sqlx::query(raw).execute(connection).await.map(drop),
            Connections::Postgres(connections) => {
                sqlx::query(raw).execute(&mut connections[0]).await.map(drop)
            }
        }
        .unwrap();
        let transactions = [ONE_ROW, SAME_ROWS].map(|statements| {
            statements.iter().map(|statement| statement.replace("NOW", now)).collect::<Vec<_>>()
        });
        let people = tables.actors.iter().map(|actor| actor.person.id.0).collect();
        Self { connections, transactions, people }
    }

    async fn per_second(&mut self, clients: usize, transaction: usize) -> f64 {
        let statements = &self.transactions[transaction];
        let start = Instant::now();
        match &mut self.connections {
            Connections::Sqlite(connection) => {
                for _ in 0..RESETS {
                    commit!(connection, statements, self.people[0]);
                }
            }
            Connections::Postgres(connections) => {
                let all = connections.iter_mut().zip(&self.people).take(clients);
                let all = all.map(|(connection, person)| async move {
                    for _ in 0..RESETS / clients {
                        commit!(connection, statements, *person);
                    }
                });
                join_all(all).await;
            }
        }
        RESETS as f64 / start.elapsed().as_secs_f64()
    }
}

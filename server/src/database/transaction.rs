//! Transactions that write, one after the other, and several to a commit. What takes long is that the disk has it: whoever
//! comes while another one writes joins in, and all of them are told once it is there. One that fails takes back its own
//! part alone.
//!
//! In PostgreSQL whoever writes holds the last row of the audit, so that those of other replicas wait as those of this one
//! do: rules that read before they write find what was written before, and rows are numbered as they are committed.

use std::collections::HashSet;
use std::sync::Arc;

use domain::Timestamp;
use domain::audit::{AuditEntry, Head, Link};
use domain::person::PersonId;
use domain::ports::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Executor, Postgres, SqlSafeStr, Sqlite};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{Database, Engine, Query, WROTE, postgres, query, sqlite};

/// So many share a commit at most.
const MOST: usize = 32;
/// So many rows in one statement at most.
const ROWS: usize = 500;

/// Whose turn it is to write.
#[derive(Clone, Default)]
pub struct Turn(Arc<Mutex<Option<Batch>>>);

pub enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// What goes to the disk together.
struct Batch {
    connection: Connection,
    writer: Arc<str>,
    /// Rows that nobody reads before they are there. They are written together at the end.
    audit: Vec<AuditEntry>,
    steps: Vec<Step>,
    head: Head,
    changed: HashSet<PersonId>,
    /// Those who have done their part.
    waiting: Vec<oneshot::Sender<Result<(), StoreError>>>,
    /// How many parts are whole.
    whole: usize,
    part: Part,
    /// What there was before the present part.
    before: Before,
}

#[derive(Clone, Copy)]
struct Before {
    audit: usize,
    steps: usize,
    head: Head,
}

/// When a command came into a state.
struct Step {
    command: Uuid,
    state: &'static str,
    at: Timestamp,
}

/// How it stands with the part that is being written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    UnderWay,
    /// Something in it failed.
    Failed,
    /// So did the connection, and all that was written on it.
    Lost,
    Whole,
}

/// A part of a batch. Dropped, it is as if nothing of it had been written.
pub struct Tx {
    batch: Option<OwnedMutexGuard<Option<Batch>>>,
    turn: Turn,
}

impl Tx {
    pub(super) async fn begin(database: &Database) -> Result<Self, StoreError> {
        let turn = &database.turn;
        let mut batch = Arc::clone(&turn.0).lock_owned().await;
        while batch.as_ref().is_some_and(|batch| batch.waiting.len() >= MOST || batch.part == Part::Lost) {
            drop(batch);
            turn.end().await;
            batch = Arc::clone(&turn.0).lock_owned().await;
        }
        // From here on whoever leaves is cleaned up after.
        let mut tx = Self { batch: Some(batch), turn: turn.clone() };
        let Some(batch) = &mut tx.batch else { return Err(nobodys_turn()) };
        if let Some(batch) = batch.as_mut() {
            batch.join().await?;
        } else {
            // In its place before it is begun: a beginning cut short is cleaned up after as well.
            batch.insert(Batch::on(database).await?).begin().await?;
        }
        Ok(tx)
    }

    /// Returns once the disk has it.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let (tell, told) = oneshot::channel();
        let Some(mut guard) = self.batch.take() else { return Err(nobodys_turn()) };
        let written = match guard.as_mut() {
            Some(batch) if batch.part == Part::UnderWay => {
                batch.part = Part::Whole;
                batch.whole += 1;
                batch.waiting.push(tell);
                Ok(())
            }
            _ => Err(StoreError("a part of it was not written".to_owned())),
        };
        drop(guard);
        self.turn.end_soon();
        written?;
        told.await.map_err(|_| nobodys_turn())?
    }

    pub(super) fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        Ok(&mut self.batch()?.connection)
    }

    /// PostgreSQL would commit nothing after a failure, and say so to nobody.
    pub(super) fn went<T>(&mut self, asked: &Result<T, sqlx::Error>) {
        if let Ok(batch) = self.batch()
            && asked.is_err()
        {
            batch.part = if postgres::is_lost(asked) { Part::Lost } else { Part::Failed };
        }
    }

    /// Adds a row to the audit, and to its chain.
    pub fn audit(&mut self, entry: impl FnOnce(i64) -> AuditEntry) -> Result<(), StoreError> {
        let batch = self.batch()?;
        let mut entry = entry(batch.head.seq + 1);
        let link = batch.head.link.next(&entry);
        batch.head = Head { seq: entry.seq, link };
        entry.link = Some(link);
        batch.audit.push(entry);
        Ok(())
    }

    /// Adds a line to the timeline of a command, unless it has come into that state before.
    pub fn step(&mut self, command: Uuid, state: &'static str, at: Timestamp) -> Result<(), StoreError> {
        self.batch()?.steps.push(Step { command, state, at });
        Ok(())
    }

    /// After the rows of another audit were put in: it goes on from the last of them.
    pub async fn continue_audit(&mut self) -> Result<(), StoreError> {
        self.batch()?.read_head().await
    }

    /// Open pages of that person are told, those that another replica serves as well.
    pub fn changed(&mut self, person: PersonId) -> Result<(), StoreError> {
        self.batch()?.changed.insert(person);
        Ok(())
    }

    fn batch(&mut self) -> Result<&mut Batch, StoreError> {
        self.batch.as_mut().and_then(|batch| batch.as_mut()).ok_or_else(nobodys_turn)
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        let Some(mut guard) = self.batch.take() else { return };
        if let Some(batch) = guard.as_mut()
            && batch.part != Part::Lost
        {
            batch.part = Part::Failed;
        }
        drop(guard);
        self.turn.end_soon();
    }
}

impl Turn {
    /// After those who wait for their turn already. It goes on when whoever asked for it has gone: half of an end would be
    /// a connection whose transaction is open.
    fn end_soon(&self) -> Option<JoinHandle<()>> {
        let turn = self.clone();
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        Some(runtime.spawn(async move { end(&mut *turn.0.lock().await).await }))
    }

    async fn end(&self) {
        if let Some(ended) = self.end_soon() {
            let _ = ended.await;
        }
    }
}

/// Has all parts that are whole on the disk, and tells them.
async fn end(place: &mut Option<Batch>) {
    let Some(mut batch) = place.take() else { return };
    let waiting = std::mem::take(&mut batch.waiting);
    let ended = match batch.part {
        Part::Lost => Err(StoreError("the connection was lost".to_owned())),
        _ if waiting.is_empty() => batch.roll_back().await,
        _ => batch.commit().await,
    };
    if ended.is_err() {
        batch.connection.close().await;
    }
    for tell in waiting {
        let said = ended.as_ref().map_err(|error| StoreError(error.0.clone()));
        // Who has gone meanwhile hears nothing.
        let _ = tell.send(said.copied());
    }
}

impl Batch {
    async fn on(database: &Database) -> Result<Self, StoreError> {
        let connection = match &database.engine {
            Engine::Sqlite(file) => Connection::Sqlite(file.writes.acquire().await?),
            Engine::Postgres(server) => Connection::Postgres(server.writes.acquire().await?),
        };
        let head = Head { seq: 0, link: Link::NONE };
        Ok(Self {
            connection,
            writer: Arc::clone(&database.writer),
            audit: Vec::new(),
            steps: Vec::new(),
            head,
            changed: HashSet::new(),
            waiting: Vec::new(),
            whole: 0,
            part: Part::Failed,
            before: Before { audit: 0, steps: 0, head },
        })
    }

    async fn begin(&mut self) -> Result<(), StoreError> {
        let begin = match self.connection {
            Connection::Sqlite(_) => sqlite::BEGIN,
            Connection::Postgres(_) => postgres::BEGIN,
        };
        self.connection.say(begin).await?;
        self.read_head().await?;
        self.before = Before { audit: 0, steps: 0, head: self.head };
        self.part = Part::UnderWay;
        Ok(())
    }

    async fn read_head(&mut self) -> Result<(), StoreError> {
        let head = query(match self.connection {
            Connection::Sqlite(_) => "SELECT seq, link FROM audit_head",
            Connection::Postgres(_) => "SELECT seq, link FROM audit_head FOR UPDATE",
        });
        let row = head.fetch_one(&mut self.connection).await?;
        self.head = Head { seq: row.get("seq")?, link: link_from(&row.get::<Vec<u8>>("link")?) };
        Ok(())
    }

    /// Goes on from the parts that are whole.
    async fn join(&mut self) -> Result<(), StoreError> {
        if self.part != Part::Failed {
            // It has failed until it has begun: whoever leaves now leaves something to take back.
            self.before = Before { audit: self.audit.len(), steps: self.steps.len(), head: self.head };
            self.part = Part::Failed;
            self.connection.say(self.savepoint("SAVEPOINT")).await?;
        } else if self.waiting.is_empty() {
            self.roll_back().await?;
            return self.begin().await;
        } else {
            self.take_back().await?;
        }
        self.part = Part::UnderWay;
        Ok(())
    }

    /// Each part has one of its own: one that was never made must not be taken for that of the part before, which is whole.
    fn savepoint(&self, what: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(format!("{what} part_{}", self.whole))
    }

    /// The part that failed was not the first.
    async fn take_back(&mut self) -> Result<(), StoreError> {
        self.connection.say(self.savepoint("ROLLBACK TO SAVEPOINT")).await?;
        self.audit.truncate(self.before.audit);
        self.steps.truncate(self.before.steps);
        self.head = self.before.head;
        Ok(())
    }

    async fn roll_back(&mut self) -> Result<(), StoreError> {
        self.audit.clear();
        self.steps.clear();
        self.changed.clear();
        self.connection.say("ROLLBACK").await
    }

    async fn commit(&mut self) -> Result<(), StoreError> {
        if self.part == Part::Failed {
            self.take_back().await?;
        }
        if !self.audit.is_empty() {
            for rows in std::mem::take(&mut self.audit).chunks(ROWS) {
                insert_audit(rows).execute(&mut self.connection).await?;
            }
            query("UPDATE audit_head SET seq = $1, link = $2")
                .bind(self.head.seq)
                .bind(&self.head.link.0[..])
                .execute(&mut self.connection)
                .await?;
        }
        for rows in std::mem::take(&mut self.steps).chunks(ROWS) {
            insert_steps(rows).execute(&mut self.connection).await?;
        }
        let changed = std::mem::take(&mut self.changed);
        if let (Connection::Postgres(_), false) = (&self.connection, changed.is_empty()) {
            let told =
                changed.iter().fold(self.writer.to_string(), |told, person| format!("{told} {}", person.0));
            query("SELECT pg_notify($1, $2)").bind(WROTE).bind(told).fetch_one(&mut self.connection).await?;
        }
        self.connection.say("COMMIT").await
    }
}

impl Connection {
    async fn say(&mut self, words: impl SqlSafeStr) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => connection.execute(sqlx::raw_sql(words)).await?.rows_affected(),
            Self::Postgres(connection) => {
                postgres::in_time(connection.execute(sqlx::raw_sql(words))).await?.rows_affected()
            }
        };
        Ok(())
    }

    /// The pool gets no connection whose transaction may still be open.
    async fn close(self) {
        let closed = match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => sqlx::Connection::close_hard(connection.detach()).await,
        };
        if let Err(error) = closed {
            tracing::warn!(%error, "a connection to the database was not closed well");
        }
    }
}

fn insert_audit(rows: &[AuditEntry]) -> Query {
    let places = places(rows.len(), 7);
    let text = format!("INSERT INTO audit (seq, at, person, event, device, command, link) VALUES {places}");
    rows.iter().fold(query(AssertSqlSafe(text)), |query, row| {
        query
            .bind(row.seq)
            .bind(row.at)
            .bind(row.person.map(|person| person.0))
            .bind(&row.event)
            .bind(row.device.as_deref())
            .bind(row.command.map(|command| command.0))
            .bind(row.link.as_ref().map(|link| &link.0[..]))
    })
}

fn insert_steps(rows: &[Step]) -> Query {
    let places = places(rows.len(), 3);
    let text =
        format!("INSERT INTO command_steps (command, state, at) VALUES {places} ON CONFLICT DO NOTHING");
    rows.iter().fold(query(AssertSqlSafe(text)), |query, step| {
        query.bind(step.command).bind(step.state).bind(step.at)
    })
}

/// Of so many rows at once. Nothing stands in it but numbers of parameters.
fn places(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let places = (1..=columns).map(|column| format!("${}", row * columns + column)).collect::<Vec<_>>();
        format!("({})", places.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// One of another length was never made here, and fits nowhere.
pub fn link_from(bytes: &[u8]) -> Link {
    Link(bytes.try_into().unwrap_or([0xff; 32]))
}

fn nobodys_turn() -> StoreError {
    StoreError("nobody writes any more".to_owned())
}

#[cfg(test)]
#[path = "transaction_tests.rs"]
mod tests;

//! The rows of a file of SQLite or of a database of PostgreSQL. One text serves both, with its parameters as $1, $2: what
//! is told here is only how a value is written in either.

pub mod postgres;
pub mod sqlite;
mod transaction;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::sync::Arc;

use domain::Timestamp;
use domain::person::PersonId;
use domain::ports::StoreError;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::types::time::OffsetDateTime;
use sqlx::{Postgres, Row as _, SqlSafeStr, SqlStr, Sqlite};
use uuid::Uuid;

use self::transaction::Turn;
pub use self::transaction::{Connection, Tx, link_from};

#[derive(Clone)]
pub struct Database {
    engine: Engine,
    turn: Turn,
    writer: Arc<str>,
}

/// The channel on which PostgreSQL tells who wrote, and whose pages changed by it.
pub const WROTE: &str = "latchkey";

#[derive(Clone)]
pub enum Engine {
    Sqlite(sqlite::File),
    Postgres(postgres::Server),
}

impl Database {
    pub async fn file(path: &Path, migrations: Option<&Migrator>) -> Result<Self, StoreError> {
        Ok(Self::of(Engine::Sqlite(sqlite::File::open(path, migrations).await?)))
    }

    pub async fn server(
        url: &str,
        connections: u32,
        migrations: Option<&Migrator>,
    ) -> Result<Self, StoreError> {
        Ok(Self::of(Engine::Postgres(postgres::Server::connect(url, connections, migrations).await?)))
    }

    fn of(engine: Engine) -> Self {
        // Another one in each process, which is all that is asked of it.
        let writer = RandomState::new().build_hasher().finish().to_string();
        Self { engine, turn: Turn::default(), writer: writer.into() }
    }

    /// Returns once nothing of it is open any more.
    pub async fn close(self) {
        match self.engine {
            Engine::Sqlite(file) => file.close().await,
            Engine::Postgres(server) => {
                server.writes.close().await;
                server.reads.close().await;
            }
        }
    }

    /// What this process calls itself when it tells others what it wrote.
    pub fn writer(&self) -> &str {
        &self.writer
    }

    /// By the clock of a PostgreSQL.
    pub async fn time(&self) -> Result<Timestamp, StoreError> {
        query("SELECT clock_timestamp()").value(self).await
    }

    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// A transaction that writes, after all that were begun before.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        Tx::begin(self).await
    }
}

/// Where a query is asked: on its own, or in a transaction.
pub enum On<'a> {
    Rows(&'a Database),
    Tx(&'a mut Tx),
    Connection(&'a mut Connection),
}

impl<'a> From<&'a Database> for On<'a> {
    fn from(database: &'a Database) -> Self {
        Self::Rows(database)
    }
}

impl<'a> From<&'a mut Tx> for On<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        Self::Tx(tx)
    }
}

impl<'a> From<&'a mut Connection> for On<'a> {
    fn from(connection: &'a mut Connection) -> Self {
        Self::Connection(connection)
    }
}

pub struct Query {
    text: SqlStr,
    values: Vec<Value>,
}

pub fn query(text: impl SqlSafeStr) -> Query {
    let text = text.into_sql_str();
    #[cfg(test)]
    ASKED.with_borrow_mut(|asked| asked.insert(text.as_str().to_owned()));
    Query { text, values: Vec::new() }
}

#[cfg(test)]
thread_local! {
    /// Every statement of this thread's test, for whoever looks at how it is carried out.
    pub static ASKED: std::cell::RefCell<std::collections::BTreeSet<String>> = std::cell::RefCell::default();
}

/// `None` is null, of the type it stands for.
pub enum Value {
    Flag(Option<bool>),
    Number(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Id(Option<Uuid>),
    Time(Option<Timestamp>),
}

macro_rules! is_value {
    ($($value:ty => $kind:ident),+ $(,)?) => {$(
        impl From<$value> for Value {
            fn from(value: $value) -> Self {
                Self::$kind(Some(value.into()))
            }
        }
        impl From<Option<$value>> for Value {
            fn from(value: Option<$value>) -> Self {
                Self::$kind(value.map(Into::into))
            }
        }
    )+};
}

is_value! {
    bool => Flag,
    i64 => Number,
    u32 => Number,
    u8 => Number,
    String => Text,
    &str => Text,
    &String => Text,
    Vec<u8> => Bytes,
    &[u8] => Bytes,
    Uuid => Id,
    Timestamp => Time,
}

/// Runs it on whichever connection it is for.
macro_rules! ask {
    ($query:ident, $on:expr, $how:ident) => {
        match $on {
            On::Rows(Database { engine: Engine::Sqlite(file), .. }) => {
                $query.sqlite().$how(&file.reads).await.map(Into::into)
            }
            On::Rows(Database { engine: Engine::Postgres(server), .. }) => {
                let mut connection = server.reads.acquire().await?;
                let asked = postgres::in_time($query.postgres().$how(&mut *connection)).await;
                if postgres::is_lost(&asked) {
                    // What it was asked may still be answered, and the next one would take that for theirs.
                    drop(connection.detach());
                }
                asked.map(Into::into)
            }
            On::Tx(tx) => {
                let asked = ask!(on tx.connection()?, $query, $how);
                tx.went(&asked);
                asked
            }
            On::Connection(connection) => ask!(on connection, $query, $how),
        }
    };
    (on $connection:expr, $query:ident, $how:ident) => {
        match $connection {
            Connection::Sqlite(connection) => $query.sqlite().$how(&mut **connection).await.map(Into::into),
            Connection::Postgres(connection) => {
                postgres::in_time($query.postgres().$how(&mut **connection)).await.map(Into::into)
            }
        }
    };
}

impl Query {
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// How many rows it changed.
    pub async fn execute(self, on: impl Into<On<'_>>) -> Result<u64, StoreError> {
        let done: Result<Done, sqlx::Error> = ask!(self, on.into(), execute);
        Ok(done?.0)
    }

    pub async fn fetch_all(self, on: impl Into<On<'_>>) -> Result<Vec<Row>, StoreError> {
        let rows: Result<Rows, sqlx::Error> = ask!(self, on.into(), fetch_all);
        Ok(rows?.0)
    }

    pub async fn fetch_optional(self, on: impl Into<On<'_>>) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch_all(on).await?.into_iter().next())
    }

    pub async fn fetch_one(self, on: impl Into<On<'_>>) -> Result<Row, StoreError> {
        Ok(self.fetch_optional(on).await?.ok_or(sqlx::Error::RowNotFound)?)
    }

    /// Of a query for one column of one row.
    pub async fn value<T: Cell>(self, on: impl Into<On<'_>>) -> Result<T, StoreError> {
        self.fetch_one(on).await?.get(0)
    }

    /// The same of a row that may be missing, or null.
    pub async fn value_if_any<T: Cell>(self, on: impl Into<On<'_>>) -> Result<Option<T>, StoreError> {
        self.fetch_optional(on).await?.map_or(Ok(None), |row| row.maybe(0))
    }

    pub async fn values<T: Cell>(self, on: impl Into<On<'_>>) -> Result<Vec<T>, StoreError> {
        self.fetch_all(on).await?.iter().map(|row| row.get(0)).collect()
    }

    fn sqlite(self) -> sqlx::query::Query<'static, Sqlite, sqlx::sqlite::SqliteArguments> {
        self.values.into_iter().fold(sqlx::query(self.text), |query, value| match value {
            Value::Flag(flag) => query.bind(flag),
            Value::Number(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::Bytes(bytes) => query.bind(bytes),
            Value::Id(id) => query.bind(id),
            Value::Time(time) => query.bind(time.map(|time| time.0)),
        })
    }

    fn postgres(self) -> sqlx::query::Query<'static, Postgres, sqlx::postgres::PgArguments> {
        self.values.into_iter().fold(sqlx::query(self.text), |query, value| match value {
            Value::Flag(flag) => query.bind(flag),
            Value::Number(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::Bytes(bytes) => query.bind(bytes),
            Value::Id(id) => query.bind(id),
            Value::Time(time) => query.bind(time.map(to_datetime)),
        })
    }
}

struct Done(u64);

impl From<sqlx::sqlite::SqliteQueryResult> for Done {
    fn from(result: sqlx::sqlite::SqliteQueryResult) -> Self {
        Self(result.rows_affected())
    }
}

impl From<sqlx::postgres::PgQueryResult> for Done {
    fn from(result: sqlx::postgres::PgQueryResult) -> Self {
        Self(result.rows_affected())
    }
}

struct Rows(Vec<Row>);

impl From<Vec<SqliteRow>> for Rows {
    fn from(rows: Vec<SqliteRow>) -> Self {
        Self(rows.into_iter().map(Row::Sqlite).collect())
    }
}

impl From<Vec<PgRow>> for Rows {
    fn from(rows: Vec<PgRow>) -> Self {
        Self(rows.into_iter().map(Row::Postgres).collect())
    }
}

pub enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    pub fn get<T: Cell>(&self, column: impl Column) -> Result<T, StoreError> {
        let read = self.maybe(column)?;
        read.ok_or_else(|| StoreError(format!("a row holds nothing in {column}")))
    }

    /// Of a column that may be null.
    pub fn maybe<T: Cell>(&self, column: impl Column) -> Result<Option<T>, StoreError> {
        Ok(T::read(self, column)?)
    }
}

/// By its name, or its place.
pub trait Column: sqlx::ColumnIndex<SqliteRow> + sqlx::ColumnIndex<PgRow> + std::fmt::Display + Copy {}
impl Column for &str {}
impl Column for usize {}

pub trait Cell: Sized {
    fn read(row: &Row, column: impl Column) -> Result<Option<Self>, sqlx::Error>;
}

macro_rules! is_cell {
    ($($cell:ty),+) => {$(
        impl Cell for $cell {
            fn read(row: &Row, column: impl Column) -> Result<Option<Self>, sqlx::Error> {
                match row {
                    Row::Sqlite(row) => row.try_get(column),
                    Row::Postgres(row) => row.try_get(column),
                }
            }
        }
    )+};
}

is_cell!(bool, i64, String, Vec<u8>, Uuid);

macro_rules! is_small_cell {
    ($($cell:ty),+) => {$(
        impl Cell for $cell {
            fn read(row: &Row, column: impl Column) -> Result<Option<Self>, sqlx::Error> {
                let number = i64::read(row, column)?;
                number.map(Self::try_from).transpose().map_err(|error| sqlx::Error::Decode(error.into()))
            }
        }
    )+};
}

is_small_cell!(u8, u32);

impl Cell for PersonId {
    fn read(row: &Row, column: impl Column) -> Result<Option<Self>, sqlx::Error> {
        Ok(Uuid::read(row, column)?.map(Self))
    }
}

/// Milliseconds since the epoch, or a time with its zone.
impl Cell for Timestamp {
    fn read(row: &Row, column: impl Column) -> Result<Option<Self>, sqlx::Error> {
        Ok(match row {
            Row::Sqlite(row) => row.try_get::<Option<i64>, _>(column)?.map(Self),
            Row::Postgres(row) => time_in(row, column)?,
        })
    }
}

pub fn time_in(row: &PgRow, column: impl Column) -> Result<Option<Timestamp>, sqlx::Error> {
    Ok(row.try_get::<Option<OffsetDateTime>, _>(column)?.map(from_datetime))
}

fn to_datetime(time: Timestamp) -> OffsetDateTime {
    // What lies outside is no time that anybody meant.
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(time.0) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn from_datetime(time: OffsetDateTime) -> Timestamp {
    let millis = time.unix_timestamp_nanos().div_euclid(1_000_000);
    Timestamp(i64::try_from(millis).unwrap_or(i64::MAX))
}

//! A file of SQLite: one connection that writes, so that no transaction ever finds the database busy; a few that read.

use std::path::Path;
use std::time::Duration;

use domain::ports::StoreError;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

pub type Tx = Transaction<'static, Sqlite>;

/// Takes the write lock at once: a transaction that reads first could otherwise lose it to another process.
pub const BEGIN: &str = "BEGIN IMMEDIATE";

#[derive(Clone)]
pub struct File {
    pub reads: SqlitePool,
    pub writes: SqlitePool,
}

impl File {
    /// Opens the file, makes it if it is missing, and with migrations brings its tables up to date.
    pub async fn open(path: &Path, migrations: Option<&Migrator>) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(migrations.is_some())
            .journal_mode(SqliteJournalMode::Wal)
            // What was acknowledged survives a power failure.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // What was erased leaves nothing on free pages.
            .pragma("secure_delete", "ON")
            .busy_timeout(Duration::from_secs(5));
        let writes = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        if let Some(migrations) = migrations {
            migrations.run(&writes).await?;
        }
        let reads = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.create_if_missing(false))
            .await?;
        Ok(Self { reads, writes })
    }

    pub async fn write(&self) -> Result<Tx, StoreError> {
        Ok(self.writes.begin_with(BEGIN).await?)
    }
}

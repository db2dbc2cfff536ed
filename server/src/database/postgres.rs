//! A database of PostgreSQL: one connection that writes, a few that read.

use std::time::Duration;

use domain::ports::StoreError;
use sqlx::ConnectOptions;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

/// Who has begun and says nothing more is a replica that stands still: it may keep nobody else waiting.
/// Said in each transaction, because a pooler hands connections from one to another.
pub const BEGIN: &str = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '4s'; SET LOCAL lock_timeout = '8s'; \
    SET LOCAL statement_timeout = '10s'";

const CONNECT_AT_MOST: Duration = Duration::from_secs(5);
/// The server gives up sooner. What takes longer was lost on the way.
const ANSWER_AT_MOST: Duration = Duration::from_secs(12);

#[derive(Clone)]
pub struct Server {
    pub reads: PgPool,
    pub writes: PgPool,
}

impl Server {
    pub async fn connect(url: &str, reads: u32, migrations: Option<&Migrator>) -> Result<Self, StoreError> {
        let options = options(url)?;
        let pool = || PgPoolOptions::new().acquire_timeout(CONNECT_AT_MOST);
        let writes = pool().max_connections(1).connect_with(options.clone()).await?;
        if let Some(migrations) = migrations {
            // A replica of the version after may have brought the tables further.
            let mut ours = Migrator { migrations: migrations.migrations.clone(), ..Migrator::DEFAULT };
            ours.set_ignore_missing(true).run(&writes).await?;
        }
        let reads = pool().max_connections(reads).connect_with(options).await?;
        Ok(Self { reads, writes })
    }
}

pub fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let options: PgConnectOptions = url.parse()?;
    Ok(options.application_name("latchkey").disable_statement_logging())
}

/// A connection that is cut without a word would be waited for without end.
pub async fn in_time<T>(asked: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::time::timeout(ANSWER_AT_MOST, asked).await.unwrap_or_else(|_| {
        Err(sqlx::Error::Io(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            format!("no answer in {ANSWER_AT_MOST:?}"),
        )))
    })
}

pub const fn is_lost<T>(asked: &Result<T, sqlx::Error>) -> bool {
    matches!(asked, Err(sqlx::Error::Io(_)))
}

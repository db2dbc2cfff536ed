//! What every command of the program needs of the configuration: the rows, the time, the accounts.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use domain::ports::{Clock, Randomness, Store, StoreError};

use crate::clock::ServerClock;
use crate::config::{Config, Rows};
use crate::fleet::nanomdm::enrolments::Enrolments;
use crate::random::SystemRandom;
use crate::replicas::Replicas;
use crate::signin::local::LocalAccounts;
use crate::store::sql::SqlStore;

pub struct Opened {
    rows: Arc<SqlStore>,
    pub store: Arc<dyn Store>,
    pub enrolments: Arc<dyn Enrolments>,
    /// Keeps others from serving the same file of SQLite.
    alone: Option<File>,
    /// When the rows are on a PostgreSQL.
    pub replicas: Option<Replicas>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Randomness>,
    pub accounts: Arc<LocalAccounts>,
}

impl Opened {
    /// Before pages are served and commands carried out. A file of SQLite is one program's: another one would not hear of
    /// what this one changes.
    pub fn serve_alone(&mut self, config: &Config) -> Result<(), String> {
        if let Rows::File(file) = config.database.rows()? {
            self.alone = Some(lock(&file)?);
        }
        Ok(())
    }

    /// Makes the database if there is none, and brings its tables up to date.
    pub async fn from(config: &Config) -> Result<Self, String> {
        let failed =
            |error: StoreError| format!("the database {} cannot be used: {error}", config.database.shown());
        let store = match config.database.rows()? {
            Rows::File(file) => SqlStore::in_file(&file).await,
            Rows::Server(url) => SqlStore::on_server(&url, config.database.connections).await,
        };
        let rows = Arc::new(store.map_err(failed)?);
        let server = config.database.is_server().then(|| (rows.database(), config.database.url.clone()));
        let enrolments: Arc<dyn Enrolments> = Arc::clone(&rows) as _;
        let store: Arc<dyn Store> = Arc::clone(&rows) as _;
        let latest = store.latest_time().await.map_err(failed)?;
        let clock = match &server {
            Some((database, _)) => {
                ServerClock::of_the_database(database.time().await.map_err(failed)?, latest)
            }
            None => ServerClock::of_the_machine(latest),
        };
        let clock = Arc::new(clock);
        // The quickest of its answers is nearest to its time.
        if let Some((database, _)) = &server {
            for _ in 0..3 {
                clock.ask(database.time()).await.map_err(failed)?;
            }
        }
        let replicas = server.map(|(database, url)| Replicas { database, url, clock: Arc::clone(&clock) });
        let clock: Arc<dyn Clock> = clock;
        let random: Arc<dyn Randomness> = Arc::new(SystemRandom);
        let accounts =
            LocalAccounts::new(Arc::clone(&store), Arc::clone(&clock), Arc::clone(&random), &config.limits);
        let accounts = Arc::new(accounts.map_err(|error| error.to_string())?);
        Ok(Self { rows, alone: None, store, enrolments, replicas, clock, random, accounts })
    }
}

impl Opened {
    pub async fn back_up(&self, path: &Path) -> Result<(), String> {
        let failed = |error: StoreError| format!("no backup was made: {}", error.0);
        self.rows.back_up(path, self.clock.now()).await.map_err(failed)?;
        println!(
            "All rows are in {}. Keep the key of temporary passcodes as well, apart from it.",
            path.display()
        );
        Ok(())
    }

    pub async fn restore(&self, path: &Path) -> Result<(), String> {
        let failed = |error: StoreError| format!("nothing was restored: {}", error.0);
        let given_up = self.rows.restore(path, self.clock.now()).await.map_err(failed)?;
        println!(
            "All rows of {} are back. Everybody signs in anew; {given_up} resets that were open are ended, and their owners \
             told that nobody knows what became of them.",
            path.display()
        );
        Ok(())
    }
}

fn lock(database: &Path) -> Result<File, String> {
    let path = database.with_added_extension("serving");
    let failed = |error: String| format!("the file {} cannot be locked: {error}", path.display());
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|error| failed(error.to_string()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(format!(
            "another latchkey serves {} already. Stop that one first, or keep the rows in a PostgreSQL, which several can \
             share: database.url = \"postgres://…\"",
            database.display()
        )),
        Err(TryLockError::Error(error)) => Err(failed(error.to_string())),
    }
}

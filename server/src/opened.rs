//! What every command of the program needs of the configuration: the rows, the time, the accounts.

use std::sync::Arc;

use domain::ports::{Clock, Randomness, Store};

use crate::clock::ServerClock;
use crate::config::Config;
use crate::fleet::nanomdm::enrolments::Enrolments;
use crate::random::SystemRandom;
use crate::signin::local::LocalAccounts;
use crate::store::sqlite::SqliteStore;

pub struct Opened {
    pub store: Arc<dyn Store>,
    pub enrolments: Arc<dyn Enrolments>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Randomness>,
    pub accounts: Arc<LocalAccounts>,
}

impl Opened {
    /// Makes the database if there is none, and brings its tables up to date.
    pub async fn from(config: &Config) -> Result<Self, String> {
        let file = config.database.file()?;
        let failed = |reason: String| format!("the database {} cannot be used: {reason}", file.display());
        let store = SqliteStore::open(&file).await.map_err(|error| failed(error.to_string()))?;
        let store = Arc::new(store);
        let enrolments: Arc<dyn Enrolments> = Arc::clone(&store) as _;
        let store: Arc<dyn Store> = store;
        let latest = store.latest_time().await.map_err(|error| failed(error.to_string()))?;
        let clock: Arc<dyn Clock> = Arc::new(ServerClock::starting_after(latest));
        let random: Arc<dyn Randomness> = Arc::new(SystemRandom);
        let accounts =
            LocalAccounts::new(Arc::clone(&store), Arc::clone(&clock), Arc::clone(&random), &config.limits);
        let accounts = Arc::new(accounts.map_err(|error| error.to_string())?);
        Ok(Self { store, enrolments, clock, random, accounts })
    }
}

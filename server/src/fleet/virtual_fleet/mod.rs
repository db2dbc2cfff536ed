//! The demo's MDM and its phones. A connector like any other, with a database file of its own: what it committed and
//! what the portal committed are two things, as with a real MDM.

mod commands;
mod connector;
mod hands;
mod hashes;
mod phones;
mod seed;
mod world;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_commands;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use domain::device::FleetId;
use domain::fleet::FleetError;
use domain::person::Person;
use domain::ports::{Clock, Randomness, StoreError};

use crate::database::sqlite::File;
use crate::ending::{Stopping, asked_to_end};

/// How often the world moves on.
const PASS: Duration = Duration::from_millis(250);
/// How often a phone with a network checks in.
const CHECK_IN_MILLIS: i64 = 1000;
/// A phone is online to the MDM when it was heard of within this time.
const HEARD_OF_SECONDS: i64 = 5;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/virtual_fleet");

pub struct VirtualFleet {
    id: FleetId,
    database: File,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Randomness>,
}

impl VirtualFleet {
    /// Opens the fleet's database; the first time, the demo's devices are made for those owners who are here.
    pub async fn open(
        path: &Path,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
        owners: &[Person],
    ) -> Result<Arc<Self>, StoreError> {
        let database = File::open(path, Some(&MIGRATIONS)).await?;
        let fleet = Self { id: FleetId::parse("virtual")?, database, clock, random };
        fleet.seed(owners).await?;
        Ok(Arc::new(fleet))
    }

    /// The phones live until the program ends.
    pub async fn run(self: Arc<Self>, mut stop: Stopping) {
        let mut ticks = tokio::time::interval(PASS);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = asked_to_end(&mut stop) => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = self.pass(self.clock.now()).await {
                tracing::error!(%error, "the virtual fleet stood still");
            }
        }
    }
}

/// Nothing was changed.
fn unreachable(error: StoreError) -> FleetError {
    FleetError::Unreachable(error.0)
}

fn is_heard_of(last_seen: Timestamp, now: Timestamp) -> bool {
    now.millis_since(last_seen) <= HEARD_OF_SECONDS * 1000
}

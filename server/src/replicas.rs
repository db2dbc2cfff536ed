//! What a replica has of the others on the same PostgreSQL: one time, and what they changed.

use std::sync::Arc;
use std::time::Duration;

use domain::live::Signal;
use domain::person::PersonId;
use domain::ports::{Clock, Signals};
use sqlx::postgres::{PgListener, PgNotification};

use crate::clock::ServerClock;
use crate::database::{Database, WROTE};
use crate::ending::{Stopping, asked_to_end};
use crate::metrics;
use crate::signals::LocalSignals;

/// How often the database is asked for the time, and whether it still tells us anything.
const ASK_EVERY: Duration = Duration::from_secs(1);
const ANSWER_AT_MOST: Duration = Duration::from_secs(3);
const CONNECT_AGAIN: Duration = Duration::from_millis(500);

pub struct Replicas {
    pub database: Database,
    pub url: String,
    pub clock: Arc<ServerClock>,
}

impl Replicas {
    pub async fn run(self, signals: Arc<LocalSignals>, mut stop: Stopping) {
        tokio::select! {
            () = asked_to_end(&mut stop) => {}
            () = self.follow_time() => {}
            () = self.hear(&signals) => {}
        }
    }

    async fn follow_time(&self) {
        loop {
            tokio::time::sleep(ASK_EVERY).await;
            match self.clock.ask(self.database.time()).await {
                Ok(()) => metrics::clock_read(self.clock.now()),
                Err(error) => tracing::warn!(%error, "the database was asked for the time in vain"),
            }
        }
    }

    /// Notifications are a hint. Whenever some may have been missed, everybody reads their rows again.
    async fn hear(&self, signals: &LocalSignals) {
        loop {
            if let Err(error) = self.hear_until_lost(signals).await {
                tracing::warn!(%error, "what other replicas change is not heard");
            }
            tokio::time::sleep(CONNECT_AGAIN).await;
        }
    }

    async fn hear_until_lost(&self, signals: &LocalSignals) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect(&self.url).await?;
        listener.ignore_pool_close_event(true);
        listener.listen(WROTE).await?;
        signals.missed();
        loop {
            let Ok(heard) = tokio::time::timeout(ASK_EVERY, listener.try_recv()).await else {
                // A connection that was cut without a word is silent as well.
                let asked = sqlx::query("SELECT 1").execute(&mut listener);
                let answered = tokio::time::timeout(ANSWER_AT_MOST, asked).await;
                answered.map_err(|_| sqlx::Error::WorkerCrashed)??;
                continue;
            };
            match heard? {
                Some(heard) => self.tell(&heard, signals),
                None => return Ok(()),
            }
        }
    }

    fn tell(&self, heard: &PgNotification, signals: &LocalSignals) {
        let mut words = heard.payload().split(' ');
        // Of its own changes its pages were told.
        if words.next() == Some(self.database.writer()) {
            return;
        }
        for person in words.filter_map(|word| word.parse().ok()) {
            signals.send(Signal::Changed(PersonId(person)));
        }
    }
}

use domain::account::TokenHash;
use domain::ports::StoreError;
use domain::tries::{Level, Try};
use domain::{Refusal, Timestamp};

use super::sql::SqlStore;
use crate::database::{On, Tx, query};

impl SqlStore {
    /// Whoever is refused writes nothing and waits for nobody's turn, or guessing would keep others waiting.
    pub(super) async fn update_tries(
        &self,
        tries: &[Try],
        period_millis: i64,
        now: Timestamp,
    ) -> Result<Result<(), Refusal>, StoreError> {
        for one in tries {
            if let Err(refusal) =
                level(&self.database, &one.key, now).await?.take(one.most, period_millis, now)
            {
                return Ok(Err(refusal));
            }
        }
        let mut tx = self.database.write().await?;
        query("DELETE FROM tries WHERE at < $1")
            .bind(now.plus_millis(-period_millis))
            .execute(&mut tx)
            .await?;
        for one in tries {
            match level(&mut tx, &one.key, now).await?.take(one.most, period_millis, now) {
                Ok(taken) => write(&mut tx, &one.key, taken).await?,
                // Nothing is taken of the others either.
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        tx.commit().await?;
        Ok(Ok(()))
    }

    pub(super) async fn update_tries_given_back(
        &self,
        tries: &[Try],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        for one in tries {
            let level = level(&mut tx, &one.key, now).await?;
            write(&mut tx, &one.key, level.give_back()).await?;
        }
        tx.commit().await
    }
}

async fn level(on: impl Into<On<'_>>, key: &TokenHash, now: Timestamp) -> Result<Level, StoreError> {
    let row = query("SELECT used, at FROM tries WHERE key = $1").bind(&key.0[..]).fetch_optional(on).await?;
    let Some(row) = row else { return Ok(Level { used: 0, at: now }) };
    Ok(Level { used: row.get("used")?, at: row.get("at")? })
}

async fn write(tx: &mut Tx, key: &TokenHash, level: Level) -> Result<(), StoreError> {
    query(
        "INSERT INTO tries (key, used, at) VALUES ($1, $2, $3)
         ON CONFLICT (key) DO UPDATE SET used = excluded.used, at = excluded.at",
    )
    .bind(&key.0[..])
    .bind(level.used)
    .bind(level.at)
    .execute(tx)
    .await
    .map(drop)
}

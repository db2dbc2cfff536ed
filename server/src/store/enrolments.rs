//! The devices of MDMs that list none.

use async_trait::async_trait;
use domain::Timestamp;
use domain::device::FleetId;
use domain::ports::{Sealed, StoreError};

use super::sql::SqlStore;
use crate::database::{Row, Tx, query};
use crate::fleet::nanomdm::enrolments::{Census, Change, Enrolment, Enrolments, Facts};

macro_rules! columns {
    () => {
        "device, serial, name, model, product, version, ended_at, disputed, heard_at, key_id, nonce, ciphertext"
    };
}

#[async_trait]
impl Enrolments for SqlStore {
    async fn enrolment(&self, fleet: &FleetId, device: &str) -> Result<Option<Enrolment>, StoreError> {
        query(concat!("SELECT ", columns!(), " FROM enrolments WHERE fleet = $1 AND device = $2"))
            .bind(fleet.as_str())
            .bind(device)
            .fetch_optional(&self.database)
            .await?
            .map(|row| enrolment_from(&row))
            .transpose()
    }

    async fn with_serials(&self, fleet: &FleetId, serials: &[&str]) -> Result<Vec<Enrolment>, StoreError> {
        let mut found = Vec::new();
        for serial in serials {
            let rows = query(concat!(
                "SELECT ",
                columns!(),
                " FROM enrolments WHERE fleet = $1 AND lower(serial) = lower($2)"
            ))
            .bind(fleet.as_str())
            .bind(*serial)
            .fetch_all(&self.database)
            .await?;
            for row in &rows {
                found.push(enrolment_from(row)?);
            }
        }
        Ok(found)
    }

    async fn apply(&self, fleet: &FleetId, device: &str, change: Change) -> Result<bool, StoreError> {
        let mut tx = self.database.write().await?;
        let at = change.at();
        let of = Of { fleet, device };
        let changed = match &change {
            Change::Enrolled { facts, .. } => of.enrol(&mut tx, facts, at).await?,
            Change::CheckedOut { .. } => of.check_out(&mut tx, at).await?,
            Change::Updated { token, .. } => {
                of.begin(&mut tx, at).await?;
                of.keep_token(&mut tx, token.as_ref(), at).await?
            }
            Change::Described { facts, .. } => {
                of.begin(&mut tx, at).await?;
                of.describe(&mut tx, facts).await?
            }
            Change::Heard { .. } => of.begin(&mut tx, at).await?,
        };
        of.hear(&mut tx, at).await?;
        tx.commit().await?;
        Ok(changed)
    }

    async fn census(&self, fleet: &FleetId) -> Result<Census, StoreError> {
        let disputed = query("SELECT device FROM enrolments WHERE fleet = $1 AND disputed")
            .bind(fleet.as_str())
            .values(&self.database)
            .await?;
        let serials: Vec<String> = query("SELECT lower(serial) FROM enrolments WHERE fleet = $1")
            .bind(fleet.as_str())
            .values(&self.database)
            .await?;
        let row = query(
            "SELECT count(*) FILTER (WHERE ended_at IS NULL) AS current,
                    count(*) FILTER (WHERE ended_at IS NULL AND ciphertext IS NOT NULL) AS with_token,
                    (SELECT max(heard_at) FROM enrolments WHERE fleet = $1) AS heard_at
             FROM enrolments WHERE fleet = $1 AND (product LIKE 'iPhone%' OR product LIKE 'iPad%')",
        )
        .bind(fleet.as_str())
        .fetch_one(&self.database)
        .await?;
        Ok(Census {
            current: row.get("current")?,
            with_token: row.get("with_token")?,
            heard_at: row.maybe("heard_at")?,
            disputed,
            serials: serials.into_iter().collect(),
        })
    }
}

/// A row.
struct Of<'a> {
    fleet: &'a FleetId,
    device: &'a str,
}

impl Of<'_> {
    /// Of a device that enrolled before anybody listened, this is the first that is known.
    async fn begin(&self, tx: &mut Tx, at: Timestamp) -> Result<bool, StoreError> {
        let begun = query(
            "INSERT INTO enrolments (fleet, device, enrolled_at, heard_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(self.fleet.as_str())
        .bind(self.device)
        .bind(at)
        .bind(at)
        .execute(&mut *tx)
        .await?;
        Ok(begun > 0)
    }

    async fn enrol(&self, tx: &mut Tx, facts: &Facts, at: Timestamp) -> Result<bool, StoreError> {
        self.begin(tx, Timestamp(at.0 - 1)).await?;
        let enrolled = query(
            // What came later than this, and was told before it, stays.
            "UPDATE enrolments SET
                 enrolled_at = $1,
                 ended_at = CASE WHEN ended_at >= $1 THEN ended_at END,
                 key_id = CASE WHEN token_at >= $1 THEN key_id END,
                 nonce = CASE WHEN token_at >= $1 THEN nonce END,
                 ciphertext = CASE WHEN token_at >= $1 THEN ciphertext END,
                 token_at = CASE WHEN token_at >= $1 THEN token_at END
             WHERE fleet = $2 AND device = $3 AND enrolled_at < $1",
        )
        .bind(at)
        .bind(self.fleet.as_str())
        .bind(self.device)
        .execute(&mut *tx)
        .await?;
        let anew = enrolled > 0;
        self.describe(tx, facts).await?;
        Ok(anew)
    }

    async fn keep_token(
        &self,
        tx: &mut Tx,
        token: Option<&Sealed>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(token) = token else { return Ok(false) };
        let kept = query(
            "UPDATE enrolments SET token_at = $1, key_id = $2, nonce = $3, ciphertext = $4
             WHERE fleet = $5 AND device = $6 AND (ended_at IS NULL OR ended_at <= $1) AND enrolled_at <= $1
               AND (token_at IS NULL OR token_at <= $1)",
        )
        .bind(at)
        .bind(&token.key_id)
        .bind(&token.nonce[..])
        .bind(&token.ciphertext[..])
        .bind(self.fleet.as_str())
        .bind(self.device)
        .execute(&mut *tx)
        .await?;
        Ok(kept > 0)
    }

    async fn check_out(&self, tx: &mut Tx, at: Timestamp) -> Result<bool, StoreError> {
        let ended = query(
            "UPDATE enrolments SET ended_at = $1, token_at = NULL, key_id = NULL, nonce = NULL, ciphertext = NULL
             WHERE fleet = $2 AND device = $3 AND ended_at IS NULL AND enrolled_at <= $1",
        )
        .bind(at)
        .bind(self.fleet.as_str())
        .bind(self.device)
        .execute(&mut *tx)
        .await?;
        Ok(ended > 0)
    }

    /// What it does not say stays as it was. A serial number is burnt in: one that says another is not to be believed, and
    /// whose token it is would be anybody's guess.
    async fn describe(&self, tx: &mut Tx, facts: &Facts) -> Result<bool, StoreError> {
        let described = query(
            "UPDATE enrolments SET
                 disputed = disputed OR (serial <> '' AND $1 <> '' AND lower(serial) <> lower($1)),
                 serial = CASE WHEN serial = '' THEN $1 ELSE serial END,
                 name = coalesce(nullif($2, ''), name),
                 model = coalesce(nullif($3, ''), model),
                 product = coalesce(nullif($4, ''), product),
                 version = coalesce(nullif($5, ''), version)
             WHERE fleet = $6 AND device = $7",
        )
        .bind(&facts.serial)
        .bind(&facts.name)
        .bind(&facts.model)
        .bind(&facts.product)
        .bind(&facts.version)
        .bind(self.fleet.as_str())
        .bind(self.device)
        .execute(&mut *tx)
        .await?;
        Ok(described > 0)
    }

    async fn hear(&self, tx: &mut Tx, at: Timestamp) -> Result<(), StoreError> {
        query("UPDATE enrolments SET heard_at = CASE WHEN heard_at > $1 THEN heard_at ELSE $1 END WHERE fleet = $2 AND device = $3")
            .bind(at)
            .bind(self.fleet.as_str())
            .bind(self.device)
            .execute(&mut *tx)
            .await?;
        Ok(())
    }
}

fn enrolment_from(row: &Row) -> Result<Enrolment, StoreError> {
    let key_id: Option<String> = row.maybe("key_id")?;
    let nonce: Option<Vec<u8>> = row.maybe("nonce")?;
    let ciphertext: Option<Vec<u8>> = row.maybe("ciphertext")?;
    let token = key_id.zip(nonce).zip(ciphertext);
    Ok(Enrolment {
        device: row.get("device")?,
        facts: Facts {
            serial: row.get("serial")?,
            name: row.get("name")?,
            model: row.get("model")?,
            product: row.get("product")?,
            version: row.get("version")?,
        },
        ended_at: row.maybe("ended_at")?,
        disputed: row.get("disputed")?,
        heard_at: row.get("heard_at")?,
        token: token.map(|((key_id, nonce), ciphertext)| Sealed { key_id, nonce, ciphertext }),
    })
}

#[cfg(test)]
#[path = "enrolments_tests.rs"]
mod tests;

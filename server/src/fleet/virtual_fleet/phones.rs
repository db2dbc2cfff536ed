//! The rows of phones, and what the MDM and the hands see of them.

use domain::Timestamp;
use domain::device::{Device, DeviceId, FleetId, Platform};
use domain::passcode::{Maker, PasscodePolicy};
use domain::phone::Phone;
use domain::ports::StoreError;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteExecutor};

use super::{VirtualFleet, is_heard_of};
use crate::store::names::Named;

/// A phone as it is, which is more than either the MDM or the hands may know.
pub(super) struct PhoneRow {
    pub id: String,
    pub name: String,
    pub model: String,
    pub system: String,
    pub platform: Platform,
    pub min_length: u8,
    pub owner_name: String,
    pub owner_email: String,
    pub owner_user_name: String,
    pub passcode_hash: Option<String>,
    pub locked: bool,
    pub wrong_tries: u32,
    pub online: bool,
    pub retired: bool,
    pub last_seen: Timestamp,
}

impl VirtualFleet {
    pub(super) async fn all_phones(&self) -> Result<Vec<PhoneRow>, StoreError> {
        sqlx::query(
            "SELECT p.*, o.name AS owner_name, o.email, o.user_name
             FROM phones p JOIN people o ON o.user_name = p.owner ORDER BY o.name, p.rowid",
        )
        .fetch_all(&self.database.reads)
        .await?
        .iter()
        .map(PhoneRow::read)
        .collect()
    }

    /// Of one person, as the MDM knows them.
    pub(super) async fn phones_of(&self, email: &str) -> Result<Vec<PhoneRow>, StoreError> {
        sqlx::query(
            "SELECT p.*, o.name AS owner_name, o.email, o.user_name
             FROM phones p JOIN people o ON o.user_name = p.owner WHERE o.email = ? ORDER BY p.rowid",
        )
        .bind(email)
        .fetch_all(&self.database.reads)
        .await?
        .iter()
        .map(PhoneRow::read)
        .collect()
    }

    /// The row of a device of this fleet.
    pub(super) async fn find_phone(
        &self,
        id: &DeviceId,
        executor: impl SqliteExecutor<'_>,
    ) -> Result<Option<PhoneRow>, StoreError> {
        if *id.fleet() != self.id {
            return Ok(None);
        }
        sqlx::query(
            "SELECT p.*, o.name AS owner_name, o.email, o.user_name
             FROM phones p JOIN people o ON o.user_name = p.owner WHERE p.id = ?",
        )
        .bind(id.external())
        .fetch_optional(executor)
        .await?
        .as_ref()
        .map(PhoneRow::read)
        .transpose()
    }
}

impl PhoneRow {
    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            model: row.try_get("model")?,
            system: row.try_get("system")?,
            platform: Platform::parse(row.try_get("platform")?)?,
            min_length: row.try_get("min_length")?,
            owner_name: row.try_get("owner_name")?,
            owner_email: row.try_get("email")?,
            owner_user_name: row.try_get("user_name")?,
            passcode_hash: row.try_get("passcode_hash")?,
            locked: row.try_get("locked")?,
            wrong_tries: row.try_get("wrong_tries")?,
            online: row.try_get("online")?,
            retired: row.try_get("retired")?,
            last_seen: Timestamp(row.try_get("last_seen")?),
        })
    }

    pub(super) fn belongs_to(&self, email: &str) -> bool {
        // Whoever is known by no address owns nothing by it.
        !email.is_empty() && self.owner_email.eq_ignore_ascii_case(email)
    }

    pub(super) fn as_device(&self, fleet: &FleetId, now: Timestamp) -> Result<Device, StoreError> {
        Ok(Device {
            id: DeviceId::new(fleet, &self.id)?,
            name: self.name.clone(),
            model: self.model.clone(),
            system: self.system.clone(),
            platform: self.platform,
            last_seen: self.last_seen,
            online: is_heard_of(self.last_seen, now),
            policy: PasscodePolicy { min_length: self.min_length, maker: Maker::Portal },
            reset: self.platform.capability(),
        })
    }

    pub(super) fn in_hand(self, fleet: &FleetId) -> Result<Phone, StoreError> {
        Ok(Phone {
            id: DeviceId::new(fleet, &self.id)?,
            name: self.name,
            model: self.model,
            system: self.system,
            platform: self.platform,
            owner: self.owner_name,
            online: self.online,
            locked: self.locked,
            has_passcode: self.passcode_hash.is_some(),
            retired: self.retired,
            wrong_tries: self.wrong_tries,
            last_seen: self.last_seen,
        })
    }
}

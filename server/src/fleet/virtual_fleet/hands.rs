use async_trait::async_trait;
use domain::Refusal;
use domain::command::Failure;
use domain::device::DeviceId;
use domain::fleet::FleetError;
use domain::phone::{Hands, HandsError, Phone, Unlocking};
use domain::ports::StoreError;
use secrecy::{ExposeSecret, SecretString};

use super::commands::fail_open;
use super::phones::PhoneRow;
use super::{VirtualFleet, hashes, unreachable};

#[async_trait]
impl Hands for VirtualFleet {
    async fn phones(&self) -> Result<Vec<Phone>, FleetError> {
        let phones = self.all_phones().await.map_err(unreachable)?;
        phones.into_iter().map(|phone| phone.in_hand(&self.id).map_err(unreachable)).collect()
    }

    async fn phone(&self, id: &DeviceId) -> Result<Option<Phone>, FleetError> {
        let phone = self.find_phone(id, &self.database.reads).await.map_err(unreachable)?;
        phone.map(|phone| phone.in_hand(&self.id)).transpose().map_err(unreachable)
    }

    async fn unlock(&self, id: &DeviceId, passcode: &SecretString) -> Result<Unlocking, HandsError> {
        let phone = self.in_reach(id).await?;
        self.try_passcode(&phone, passcode).await.map_err(failed)
    }

    async fn lock(&self, id: &DeviceId) -> Result<(), HandsError> {
        let phone = self.in_reach(id).await?;
        self.turn_off_screen(&phone).await.map_err(failed)
    }

    async fn set_passcode(&self, id: &DeviceId, passcode: &SecretString) -> Result<(), HandsError> {
        let phone = self.in_reach(id).await?;
        let taken = self.take_passcode(&phone, passcode).await.map_err(failed)?;
        if taken { Ok(()) } else { Err(Refusal::PhoneLocked.into()) }
    }

    async fn set_online(&self, id: &DeviceId, online: bool) -> Result<(), HandsError> {
        let phone = self.in_reach(id).await?;
        self.switch_network(&phone, online).await.map_err(failed)
    }

    async fn retire(&self, id: &DeviceId) -> Result<(), HandsError> {
        let phone = self.in_reach(id).await?;
        self.stop_managing(&phone).await.map_err(failed)
    }

    async fn give_to(&self, id: &DeviceId, user_name: &str) -> Result<(), HandsError> {
        let phone = self.in_reach(id).await?;
        let known = self.change_owner(&phone, user_name).await.map_err(failed)?;
        if known { Ok(()) } else { Err(Refusal::NotFound.into()) }
    }
}

impl VirtualFleet {
    async fn in_reach(&self, id: &DeviceId) -> Result<PhoneRow, HandsError> {
        let phone = self.find_phone(id, &self.database.reads).await.map_err(failed)?;
        Ok(phone.ok_or(Refusal::NotFound)?)
    }

    async fn try_passcode(&self, phone: &PhoneRow, passcode: &SecretString) -> Result<Unlocking, StoreError> {
        let right = match &phone.passcode_hash {
            Some(hash) => hashes::fits(passcode, hash).await?,
            None => true,
        };
        if right && self.open_screen(phone).await? {
            return Ok(Unlocking::Unlocked);
        }
        sqlx::query("UPDATE phones SET wrong_tries = wrong_tries + 1 WHERE id = ?")
            .bind(&phone.id)
            .execute(&self.database.writes)
            .await?;
        Ok(Unlocking::WrongPasscode)
    }

    /// Hashing takes a while: a reset that arrived in it has put another passcode in the place of the tried one.
    async fn open_screen(&self, phone: &PhoneRow) -> Result<bool, StoreError> {
        let opened =
            sqlx::query("UPDATE phones SET locked = 0, wrong_tries = 0 WHERE id = ? AND passcode_hash IS ?")
                .bind(&phone.id)
                .bind(&phone.passcode_hash)
                .execute(&self.database.writes)
                .await?;
        Ok(opened.rows_affected() > 0)
    }

    async fn turn_off_screen(&self, phone: &PhoneRow) -> Result<(), StoreError> {
        sqlx::query("UPDATE phones SET locked = 1 WHERE id = ?")
            .bind(&phone.id)
            .execute(&self.database.writes)
            .await?;
        Ok(())
    }

    /// False when the phone is locked.
    async fn take_passcode(&self, phone: &PhoneRow, passcode: &SecretString) -> Result<bool, StoreError> {
        let hash = if passcode.expose_secret().is_empty() {
            None
        } else {
            Some(hashes::hash(&self.random, passcode.clone()).await?)
        };
        let taken = sqlx::query("UPDATE phones SET passcode_hash = ? WHERE id = ? AND NOT locked")
            .bind(hash)
            .bind(&phone.id)
            .execute(&self.database.writes)
            .await?;
        Ok(taken.rows_affected() > 0)
    }

    async fn switch_network(&self, phone: &PhoneRow, online: bool) -> Result<(), StoreError> {
        sqlx::query("UPDATE phones SET online = ? WHERE id = ?")
            .bind(online)
            .bind(&phone.id)
            .execute(&self.database.writes)
            .await?;
        Ok(())
    }

    async fn stop_managing(&self, phone: &PhoneRow) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        sqlx::query("UPDATE phones SET retired = 1 WHERE id = ?").bind(&phone.id).execute(&mut *tx).await?;
        fail_open(&mut tx, &phone.id, Failure::Retired, self.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// False when the fleet knows no such person.
    async fn change_owner(&self, phone: &PhoneRow, user_name: &str) -> Result<bool, StoreError> {
        if phone.owner_user_name.eq_ignore_ascii_case(user_name) {
            return Ok(true);
        }
        let mut tx = self.database.write().await?;
        let changed = sqlx::query(
            "UPDATE phones SET owner = o.user_name FROM people o WHERE phones.id = ? AND o.user_name = ?",
        )
        .bind(&phone.id)
        .bind(user_name)
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        fail_open(&mut tx, &phone.id, Failure::NoLongerYours, self.clock.now()).await?;
        tx.commit().await?;
        Ok(true)
    }
}

fn failed(error: StoreError) -> HandsError {
    unreachable(error).into()
}

//! What the virtual fleet's phones can do beside being managed: what a person does with a phone in their hand.

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::device::{DeviceId, Platform};
use crate::fleet::FleetError;
use crate::{Refusal, Timestamp};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    pub id: DeviceId,
    pub name: String,
    pub model: String,
    pub system: String,
    pub platform: Platform,
    /// The owner's name, as the fleet knows it.
    pub owner: String,
    pub online: bool,
    pub locked: bool,
    pub has_passcode: bool,
    pub retired: bool,
    pub wrong_tries: u32,
    pub last_seen: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unlocking {
    Unlocked,
    WrongPasscode,
}

/// Someone's hands on the phones of the virtual fleet. Exists in the demo alone.
#[async_trait]
pub trait Hands: Send + Sync {
    async fn phones(&self) -> Result<Vec<Phone>, FleetError>;
    async fn phone(&self, id: &DeviceId) -> Result<Option<Phone>, FleetError>;
    async fn unlock(&self, id: &DeviceId, passcode: &SecretString) -> Result<Unlocking, HandsError>;
    async fn lock(&self, id: &DeviceId) -> Result<(), HandsError>;
    /// Only an unlocked phone takes a new passcode; an empty one removes it.
    async fn set_passcode(&self, id: &DeviceId, passcode: &SecretString) -> Result<(), HandsError>;
    async fn set_online(&self, id: &DeviceId, online: bool) -> Result<(), HandsError>;
    async fn retire(&self, id: &DeviceId) -> Result<(), HandsError>;
    async fn give_to(&self, id: &DeviceId, user_name: &str) -> Result<(), HandsError>;
}

#[derive(Debug, thiserror::Error)]
pub enum HandsError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Fleet(#[from] FleetError),
}

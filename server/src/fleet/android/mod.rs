//! Google's Android Management API. The portal makes the passcode, so that the same one can be sent again when nobody
//! knows whether the first arrived.

mod api;
mod device;
mod examination;
mod operation;
mod token;

use async_trait::async_trait;
use domain::command::{Command, Failure};
use domain::device::{Capability, Device, DeviceId, FleetId};
use domain::fleet::{Answer, CancelAnswer, Connector, FleetError, Promises, Unclear};
use domain::person::Person;
use http::StatusCode;
use secrecy::SecretString;

use self::api::Api;
use self::device::ManagedDevice;
use super::calls::{json, status_of};
use super::ownership::Said;
use super::{Common, Mdm};
use crate::config::Fleet;
use crate::doctor::Finding;

/// Before the handle of a command that went out more than once: of the first, no handle is known.
const SENT_AGAIN: &str = "again ";

pub struct Android {
    common: Common,
    api: Api,
}

impl Android {
    pub fn new(settings: &Fleet, common: Common) -> Result<Self, String> {
        Ok(Self { api: Api::new(settings, &common)?, common })
    }

    fn is_owner(&self, owner: &Person, device: &ManagedDevice) -> bool {
        let emails = device.emails();
        let emails = emails.iter().map(String::as_str).collect();
        let said = Said { emails, serial: device.serial(), ..Said::default() };
        self.common.ownership.is_owner(owner, &said)
    }
}

#[async_trait]
impl Connector for Android {
    fn fleet(&self) -> &FleetId {
        &self.common.id
    }

    fn promises(&self) -> Promises {
        Promises {
            unclear: Unclear::SendAgain,
            cancels: true,
            poll_millis: 1_000,
            slowest_poll_millis: 60_000,
            fresh_millis: 2_000,
            at_most: self.common.at_most * 3,
        }
    }

    async fn devices_of(&self, owner: &Person) -> Result<Vec<Device>, FleetError> {
        let now = self.common.clock.now();
        let all = self.api.devices(now).await?;
        let theirs = all.iter().filter(|device| self.is_owner(owner, device));
        Ok(theirs.filter_map(|device| device.as_device(&self.common.id, now)).collect())
    }

    async fn device_of(&self, owner: &Person, id: &DeviceId) -> Result<Option<Device>, FleetError> {
        let now = self.common.clock.now();
        let read = self.api.device(id.external()).await?;
        let Some(read) = read.filter(|device| self.is_owner(owner, device)) else { return Ok(None) };
        let Some(mut device) = read.as_device(&self.common.id, now) else { return Ok(None) };
        device.policy.min_length = self.api.min_length(&read, now).await;
        Ok(Some(device))
    }

    async fn send(
        &self,
        command: &Command,
        owner: &Person,
        passcode: Option<&SecretString>,
    ) -> Result<Answer, FleetError> {
        let id = command.device.external();
        let Some(device) = self.api.device(id).await? else { return Ok(Answer::Failed(Failure::Retired)) };
        if !self.is_owner(owner, &device) {
            return Ok(Answer::Failed(Failure::NoLongerYours));
        }
        let (Capability::Possible, Some(passcode)) = (device.capability(), passcode) else {
            return Ok(Answer::Failed(Failure::Unsupported));
        };
        let seconds = command.deadline.seconds_since(self.common.clock.now()).max(1);
        let answer = self.api.reset_password(id, passcode, seconds).await?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(Answer::Failed(Failure::Retired)),
            _ => {
                let why = status_of(&answer).to_string();
                tracing::warn!(why, "Android Management did not take a reset");
                return Ok(Answer::Failed(Failure::MdmRefused));
            }
        }
        let operation: operation::Named = json(&answer)?;
        let handle = self.api.handle(id, &operation.name)?;
        let again = if command.sent_at.is_some() { SENT_AGAIN } else { "" };
        Ok(Answer::Accepted { handle: Some(format!("{again}{handle}")) })
    }

    async fn outcome(&self, command: &Command) -> Result<Answer, FleetError> {
        let Some((handle, once)) = handle_of(command) else { return Ok(Answer::NeverArrived) };
        let id = command.device.external();
        if let Some(operation) = self.api.operation(id, handle).await? {
            return Ok(match operation.as_answer()? {
                // The first may still be carried out, whatever became of the second.
                Answer::Failed(_) | Answer::Expired if !once => Answer::Failed(Failure::Unknown),
                answer => answer,
            });
        }
        // With a device, Google forgets what it was to be told.
        let is_there = self.api.device(id).await?.is_some();
        Ok(Answer::Failed(if is_there { Failure::Unknown } else { Failure::Retired }))
    }

    async fn cancel(&self, command: &Command) -> Result<CancelAnswer, FleetError> {
        // Of the first of two nobody knows what Google calls it, so that it cannot be taken back.
        let Some((handle, true)) = handle_of(command) else { return Ok(CancelAnswer::TooLate) };
        let is_cancelled = self.api.cancel(command.device.external(), handle).await?;
        Ok(if is_cancelled { CancelAnswer::Cancelled } else { CancelAnswer::TooLate })
    }
}

/// What Google calls it, and whether it certainly went out only once.
fn handle_of(command: &Command) -> Option<(&str, bool)> {
    let handle = command.handle.as_deref()?;
    Some(handle.strip_prefix(SENT_AGAIN).map_or((handle, true), |handle| (handle, false)))
}

#[async_trait]
impl Mdm for Android {
    fn name(&self) -> &str {
        &self.common.name
    }

    async fn examine(&self, _public_url: &str) -> Vec<Finding> {
        examination::examine(&self.api, &self.common).await
    }
}

//! Microsoft Intune, through Microsoft Graph. A reset has no id there: what became of it stands among the action results of
//! the device, by its start.

mod device;
mod examination;
mod graph;
mod results;
mod token;

use async_trait::async_trait;
use domain::Timestamp;
use domain::command::{Command, Failure};
use domain::device::{Capability, Device, DeviceId, FleetId};
use domain::fleet::{Answer, CancelAnswer, Connector, FleetError, Promises, Unclear};
use domain::person::Person;
use http::StatusCode;
use secrecy::SecretString;

use self::device::ManagedDevice;
use self::graph::{Graph, Read};
use super::ownership::Said;
use super::{Common, Mdm};
use crate::config::{Fleet, OwnedBy};
use crate::doctor::Finding;

/// What a reset has left behind shows by then, or it never arrived.
const SHOWS_SECONDS: i64 = 120;
/// What began so shortly before could be taken for ours.
const GUARD_SECONDS: i64 = 5;
/// Of a person whom the map gives more, the others are left out.
const MOST_SERIALS: usize = 20;

pub struct Intune {
    common: Common,
    graph: Graph,
}

impl Intune {
    pub fn new(settings: &Fleet, common: Common) -> Result<Self, String> {
        Ok(Self { graph: Graph::new(settings, &common)?, common })
    }

    fn is_owner(&self, owner: &Person, device: &ManagedDevice) -> bool {
        let said = Said {
            emails: device.user_principal_name.as_deref().into_iter().collect(),
            subject: device.user_id.as_deref().unwrap_or_default(),
            serial: device.serial_number.as_deref().unwrap_or_default(),
        };
        self.common.ownership.is_owner(owner, &said)
    }

    /// What may be this person's, as Intune lists it.
    async fn candidates(&self, owner: &Person) -> Result<Vec<ManagedDevice>, FleetError> {
        let user = match self.common.ownership.by {
            OwnedBy::Email => &owner.email,
            OwnedBy::Subject => &owner.subject,
            OwnedBy::Map => {
                let mut devices = Vec::new();
                for serial in self.common.ownership.serials_of(owner).into_iter().take(MOST_SERIALS) {
                    devices.extend(self.graph.devices_with_serial(serial).await?);
                }
                return Ok(devices);
            }
        };
        if user.is_empty() {
            return Ok(Vec::new());
        }
        self.graph.devices_of_user(user).await
    }
}

/// Whether no other reset has begun so lately that one that begins now could be taken for it.
fn stands_alone(read: &Read, now: Timestamp) -> Result<(), FleetError> {
    if results::newest_since(read, now.plus_seconds(-GUARD_SECONDS), now).is_none() {
        return Ok(());
    }
    let why = "another reset of the device has just begun, and could not be told from this one";
    Err(FleetError::Unreachable(why.to_owned()))
}

#[async_trait]
impl Connector for Intune {
    fn fleet(&self) -> &FleetId {
        &self.common.id
    }

    fn promises(&self) -> Promises {
        Promises {
            unclear: Unclear::Look { seconds: SHOWS_SECONDS },
            cancels: false,
            poll_millis: 1_000,
            slowest_poll_millis: 60_000,
            fresh_millis: 2_000,
            // A token, the device, and the order.
            at_most: self.common.at_most * 3,
        }
    }

    async fn devices_of(&self, owner: &Person) -> Result<Vec<Device>, FleetError> {
        let now = self.common.clock.now();
        let devices = self.candidates(owner).await?;
        let theirs = devices.iter().filter(|device| self.is_owner(owner, device));
        Ok(theirs.filter_map(|device| device.as_device(&self.common.id, now)).collect())
    }

    async fn device_of(&self, owner: &Person, id: &DeviceId) -> Result<Option<Device>, FleetError> {
        let now = self.common.clock.now();
        let read = self.graph.device(id.external()).await?;
        let device = read.filter(|read| self.is_owner(owner, &read.device));
        Ok(device.and_then(|read| read.device.as_device(&self.common.id, now)))
    }

    /// When nothing is sent after all, because the program died first, an older reset would be taken for this one.
    async fn may_begin(&self, command: &Command) -> Result<(), FleetError> {
        let now = self.common.clock.now();
        match self.graph.device(command.device.external()).await? {
            Some(read) => stands_alone(&read, now),
            None => Ok(()),
        }
    }

    async fn send(
        &self,
        command: &Command,
        owner: &Person,
        _passcode: Option<&SecretString>,
    ) -> Result<Answer, FleetError> {
        let (id, now) = (command.device.external(), self.common.clock.now());
        // The permission is for every device of the organisation, so that nobody but us sees to it whose this one is.
        let Some(read) = self.graph.device(id).await? else {
            return Ok(Answer::Failed(Failure::Retired));
        };
        if !self.is_owner(owner, &read.device) {
            return Ok(Answer::Failed(Failure::NoLongerYours));
        }
        if read.device.capability() != Capability::Possible {
            return Ok(Answer::Failed(Failure::Unsupported));
        }
        stands_alone(&read, now)?;
        let answer = self.graph.reset_passcode(id).await?;
        Ok(match answer.status() {
            status if status.is_success() => Answer::Accepted { handle: None },
            StatusCode::NOT_FOUND => Answer::Failed(Failure::Retired),
            _ => Answer::Failed(Failure::MdmRefused),
        })
    }

    async fn outcome(&self, command: &Command) -> Result<Answer, FleetError> {
        let Some(read) = self.graph.device(command.device.external()).await? else {
            return Ok(Answer::Failed(Failure::Retired));
        };
        let sent_at = command.sent_at.unwrap_or(command.created_at);
        let now = self.common.clock.now();
        let result = results::newest_since(&read, sent_at, now);
        Ok(result.map_or(Answer::NeverArrived, |result| result.as_answer(command.leaves_passcode(), now)))
    }

    /// Graph takes nothing back.
    async fn cancel(&self, _command: &Command) -> Result<CancelAnswer, FleetError> {
        Ok(CancelAnswer::TooLate)
    }
}

#[async_trait]
impl Mdm for Intune {
    fn name(&self) -> &str {
        &self.common.name
    }

    async fn examine(&self, _public_url: &str) -> Vec<Finding> {
        examination::examine(&self.graph, &self.common).await
    }
}

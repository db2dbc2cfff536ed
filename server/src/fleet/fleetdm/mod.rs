//! Fleet (fleetdm). It clears a passcode under an id that it makes up itself, so that of an answer that was lost nothing
//! can be found out any more.

mod api;
mod examination;
mod host;

use async_trait::async_trait;
use domain::command::{Command, Failure};
use domain::device::{Capability, Device, DeviceId, FleetId};
use domain::fleet::{Answer, CancelAnswer, Connector, FleetError, Promises, Unclear};
use domain::person::Person;
use http::StatusCode;
use secrecy::SecretString;

use self::api::Api;
use self::host::{ClearingPasscode, Host};
use super::calls::{json, status_of};
use super::ownership::Said;
use super::{Common, Mdm};
use crate::config::{Fleet, OwnedBy};
use crate::doctor::Finding;

/// Of a person who has more, the others are left out: each costs a question.
const MOST_HOSTS: usize = 50;

pub struct FleetDm {
    common: Common,
    api: Api,
}

impl FleetDm {
    pub fn new(settings: &Fleet, common: Common) -> Result<Self, String> {
        Ok(Self { api: Api::new(settings, &common)?, common })
    }

    /// What Fleet finds for this person: a search, which proves nothing yet.
    async fn found(&self, owner: &Person) -> Result<Vec<Host>, FleetError> {
        let queries = match self.common.ownership.by {
            OwnedBy::Map => self.common.ownership.serials_of(owner),
            _ if owner.email.is_empty() => Vec::new(),
            _ => vec![owner.email.as_str()],
        };
        let mut hosts: Vec<Host> = Vec::new();
        for query in queries {
            for host in self.api.hosts(query).await? {
                if hosts.len() < MOST_HOSTS && hosts.iter().all(|other| other.id != host.id) {
                    hosts.push(host);
                }
            }
        }
        Ok(hosts)
    }

    async fn is_owner(&self, owner: &Person, host: &Host) -> Result<bool, FleetError> {
        let emails = match self.common.ownership.by {
            OwnedBy::Map => Vec::new(),
            _ => self.api.emails(host.id).await?.unwrap_or_default(),
        };
        let emails = emails.iter().map(String::as_str).collect();
        let said = Said { emails, serial: &host.hardware_serial, ..Said::default() };
        Ok(self.common.ownership.is_owner(owner, &said))
    }

    /// The host of that id, if it is this person's, with all that Fleet knows of it.
    async fn owned(&self, owner: &Person, id: &DeviceId) -> Result<Option<Host>, FleetError> {
        let Ok(number) = id.external().parse() else { return Ok(None) };
        let Some(host) = self.api.host(number).await? else { return Ok(None) };
        Ok(self.is_owner(owner, &host).await?.then_some(host))
    }
}

#[async_trait]
impl Connector for FleetDm {
    fn fleet(&self) -> &FleetId {
        &self.common.id
    }

    fn promises(&self) -> Promises {
        Promises {
            unclear: Unclear::GiveUp,
            cancels: false,
            poll_millis: 1_000,
            slowest_poll_millis: 60_000,
            fresh_millis: 2_000,
            // The host, whose it is, and the order.
            at_most: self.common.at_most * 3,
        }
    }

    async fn devices_of(&self, owner: &Person) -> Result<Vec<Device>, FleetError> {
        let now = self.common.clock.now();
        let mut devices = Vec::new();
        for host in self.found(owner).await? {
            if self.is_owner(owner, &host).await? {
                devices.extend(host.as_device(&self.common.id, now));
            }
        }
        Ok(devices)
    }

    async fn device_of(&self, owner: &Person, id: &DeviceId) -> Result<Option<Device>, FleetError> {
        let host = self.owned(owner, id).await?;
        Ok(host.and_then(|host| host.as_device(&self.common.id, self.common.clock.now())))
    }

    async fn send(
        &self,
        command: &Command,
        owner: &Person,
        _passcode: Option<&SecretString>,
    ) -> Result<Answer, FleetError> {
        let Some(host) = self.owned(owner, &command.device).await? else {
            let is_there = match command.device.external().parse() {
                Ok(id) => self.api.emails(id).await?.is_some(),
                Err(_) => false,
            };
            let why = if is_there { Failure::NoLongerYours } else { Failure::Retired };
            return Ok(Answer::Failed(why));
        };
        if host.capability() != Capability::Possible {
            return Ok(Answer::Failed(Failure::Unsupported));
        }
        let answer = self.api.clear_passcode(host.id).await?;
        match answer.status() {
            status if status.is_success() => {}
            StatusCode::NOT_FOUND => return Ok(Answer::Failed(Failure::Retired)),
            _ => {
                let why = status_of(&answer).to_string();
                tracing::warn!(why, "Fleet did not take a reset");
                return Ok(Answer::Failed(Failure::MdmRefused));
            }
        }
        let clearing: ClearingPasscode = json(&answer)?;
        if clearing.command_uuid.is_empty() {
            return Err(FleetError::Unclear("it does not say what it calls the command".to_owned()));
        }
        Ok(Answer::Accepted { handle: Some(format!("{} {}", clearing.command_uuid, host.uuid)) })
    }

    async fn outcome(&self, command: &Command) -> Result<Answer, FleetError> {
        let Some((uuid, host)) = command.handle.as_deref().and_then(|handle| handle.split_once(' ')) else {
            return Ok(Answer::NeverArrived);
        };
        let results = self.api.results(uuid).await?;
        let Some(result) = results.iter().find(|result| result.host_uuid == host) else {
            // None yet, or of somebody else's.
            return Ok(Answer::Waiting);
        };
        Ok(match result.status.as_str() {
            "Acknowledged" => Answer::Done { passcode: None },
            "Error" => Answer::Failed(Failure::DeviceRefused),
            "CommandFormatError" => Answer::Failed(Failure::MdmRefused),
            // Pending, NotNow, and whatever Fleet thinks of next: it is not over.
            _ => Answer::Waiting,
        })
    }

    /// Fleet takes nothing back.
    async fn cancel(&self, _command: &Command) -> Result<CancelAnswer, FleetError> {
        Ok(CancelAnswer::TooLate)
    }
}

#[async_trait]
impl Mdm for FleetDm {
    fn name(&self) -> &str {
        &self.common.name
    }

    async fn examine(&self, _public_url: &str) -> Vec<Finding> {
        examination::examine(&self.api, &self.common).await
    }
}

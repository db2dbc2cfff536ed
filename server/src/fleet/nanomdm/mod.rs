//! NanoMDM, for Apple's devices. It takes two commands of one id for one, lists nothing, and tells what happens by events
//! that it never repeats. So the portal keeps what the events said, and asks the device itself when one was lost.

mod api;
mod command;
mod device;
pub mod enrolments;
pub mod event;
mod examination;
pub mod plists;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::Timestamp;
use domain::command::{Command, CommandId, CommandState, Failure};
use domain::device::{Capability, Device, DeviceId, FleetId};
use domain::fleet::{
    Answer, CancelAnswer, Connector, FleetError, Message, NotHeard, Promises, Told, Unclear,
};
use domain::person::Person;
use domain::ports::{Sealer, StoreError};
use secrecy::SecretString;

use self::api::{Api, Queued};
use self::command::{Name, clear_passcode, device_information, security_info};
use self::device::unlock_token_row;
use self::enrolments::{Change, Enrolment, Enrolments};
use self::event::{Event, OfCommand};
use super::ownership::Said;
use super::{Common, Mdm, Means};
use crate::config::Fleet;
use crate::doctor::Finding;

/// When nothing was heard of a command for so long, the device is asked; and again after twice as long each time.
const FIRST_PROBE_SECONDS: i64 = 30;
const ASKED_AGAIN_MILLIS: i64 = 60 * 60 * 1000;
/// Of more commands it is not kept in mind that they were asked after: they are then asked after once more.
const MOST_PROBED: usize = 10_000;

pub struct NanoMdm {
    common: Common,
    api: Api,
    webhook_secret: SecretString,
    enrolments: Arc<dyn Enrolments>,
    sealer: Arc<dyn Sealer>,
    /// The last probe of each command.
    probed: Mutex<HashMap<CommandId, u32>>,
    /// Since when devices say that a reset has not happened.
    doubted: Mutex<HashMap<CommandId, Timestamp>>,
    /// In which hour devices were last asked what they are.
    asked: Mutex<HashMap<String, i64>>,
}

impl NanoMdm {
    pub fn new(settings: &Fleet, common: Common, means: &Means<'_>) -> Result<Self, String> {
        Ok(Self {
            api: Api::new(settings, &common)?,
            webhook_secret: settings.webhook_secret.clone(),
            enrolments: Arc::clone(means.enrolments),
            sealer: Arc::clone(means.sealer),
            probed: Mutex::default(),
            doubted: Mutex::default(),
            asked: Mutex::default(),
            common,
        })
    }

    fn is_owner(&self, owner: &Person, enrolment: &Enrolment) -> bool {
        let said = Said { serial: &enrolment.facts.serial, ..Said::default() };
        !enrolment.disputed && self.common.ownership.is_owner(owner, &said)
    }

    async fn enrolment(&self, id: &DeviceId) -> Result<Option<Enrolment>, FleetError> {
        let found = self.enrolments.enrolment(&self.common.id, id.external()).await.map_err(unreachable)?;
        Ok(found.filter(Enrolment::is_current))
    }

    fn as_device(&self, enrolment: &Enrolment) -> Option<Device> {
        enrolment.as_device(&self.common.id, self.common.clock.now())
    }

    /// Asks the device whether it has a passcode: what became of a command whose result was lost.
    async fn probe(&self, command: &Command) -> Result<(), FleetError> {
        let sent_at = command.sent_at.unwrap_or(command.created_at);
        let waited = self.common.clock.now().seconds_since(sent_at) / FIRST_PROBE_SECONDS;
        let Some(number) = u64::try_from(waited).ok().and_then(u64::checked_ilog2).map(|log| log + 1) else {
            return Ok(());
        };
        if self.probed.lock().unwrap_or_else(PoisonError::into_inner).get(&command.id) == Some(&number) {
            return Ok(());
        }
        let name = Name::Probe { of: command.id, number };
        self.api.enqueue(command.device.external(), &security_info(&name)).await?;
        let mut probed = self.probed.lock().unwrap_or_else(PoisonError::into_inner);
        if probed.len() >= MOST_PROBED {
            probed.clear();
        }
        probed.insert(command.id, number);
        Ok(())
    }

    /// Of a device that enrolled before the portal listened, nothing is known but its id. It is asked once an hour, each
    /// time under another name: of one name NanoMDM takes one.
    async fn get_to_know(&self, device: &str) {
        let known = self.enrolments.enrolment(&self.common.id, device).await;
        if !known.is_ok_and(|known| known.is_some_and(|known| known.facts.serial.is_empty())) {
            return;
        }
        let number = self.common.clock.now().0.div_euclid(ASKED_AGAIN_MILLIS);
        if self.asked().get(device) == Some(&number) {
            return;
        }
        let question = device_information(&Name::Information { device: device.to_owned(), number });
        match self.api.enqueue(device, &question).await {
            Ok(_) => {
                self.asked().insert(device.to_owned(), number);
            }
            Err(error) => tracing::warn!(%error, "a device could not be asked what it is"),
        }
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<String, i64>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The device says that it still has a passcode. It may be about to say that it has put the reset off, or have told us
    /// in vain: only when it says so again later, it has been through everything, and the reset has not happened.
    fn still_has_passcode(&self, command: CommandId, at: Timestamp) -> bool {
        let mut doubted = self.doubted.lock().unwrap_or_else(PoisonError::into_inner);
        if doubted.len() >= MOST_PROBED {
            doubted.clear();
        }
        let first = *doubted.entry(command).or_insert(at);
        at.seconds_since(first) >= FIRST_PROBE_SECONDS
    }

    async fn apply(&self, device: &DeviceId, change: Change) -> Result<bool, NotHeard> {
        let applied = self.enrolments.apply(&self.common.id, device.external(), change).await;
        applied.map_err(NotHeard::NotKept)
    }

    async fn hear(&self, event: Event) -> Result<Vec<Told>, NotHeard> {
        let Some(device) = event.device(&self.common.id) else { return Ok(Vec::new()) };
        let at = event.at.unwrap_or_else(|| self.common.clock.now());
        let lost = |failure| vec![Told::Lost { device: device.clone(), failure, at }];
        match event.what {
            event::What::Authenticate(facts) => {
                let anew = self.apply(&device, Change::Enrolled { facts, at }).await?;
                Ok(if anew { lost(Failure::Dropped) } else { Vec::new() })
            }
            event::What::TokenUpdate(token) => {
                let row = unlock_token_row(&self.common.id, device.external());
                let token = token.map(|token| self.sealer.seal(&row, &token));
                self.apply(&device, Change::Updated { token, at }).await?;
                self.get_to_know(device.external()).await;
                Ok(Vec::new())
            }
            event::What::CheckOut => {
                let gone = self.apply(&device, Change::CheckedOut { at }).await?;
                Ok(if gone { lost(Failure::Retired) } else { Vec::new() })
            }
            event::What::Information(facts) => {
                self.apply(&device, Change::Described { facts, at }).await?;
                Ok(Vec::new())
            }
            event::What::Result(told) => {
                self.apply(&device, Change::Heard { at }).await?;
                self.get_to_know(device.external()).await;
                Ok(match told {
                    Some(OfCommand::Answered(command, answer)) => vec![Told::Of(command, device, answer)],
                    Some(OfCommand::StillHasPasscode(command)) if self.still_has_passcode(command, at) => {
                        vec![Told::NotDone(command, device)]
                    }
                    _ => Vec::new(),
                })
            }
        }
    }
}

#[async_trait]
impl Connector for NanoMdm {
    fn fleet(&self) -> &FleetId {
        &self.common.id
    }

    fn promises(&self) -> Promises {
        Promises {
            unclear: Unclear::SendAgain,
            cancels: false,
            poll_millis: 2_000,
            slowest_poll_millis: 60_000,
            // Its devices are in our own rows.
            fresh_millis: 0,
            at_most: self.common.at_most * 2,
        }
    }

    async fn devices_of(&self, owner: &Person) -> Result<Vec<Device>, FleetError> {
        let serials = self.common.ownership.serials_of(owner);
        let found = self.enrolments.with_serials(&self.common.id, &serials).await.map_err(unreachable)?;
        let theirs =
            found.iter().filter(|enrolment| enrolment.is_current() && self.is_owner(owner, enrolment));
        Ok(theirs.filter_map(|enrolment| self.as_device(enrolment)).collect())
    }

    async fn device_of(&self, owner: &Person, id: &DeviceId) -> Result<Option<Device>, FleetError> {
        let enrolment = self.enrolment(id).await?.filter(|enrolment| self.is_owner(owner, enrolment));
        Ok(enrolment.and_then(|enrolment| self.as_device(&enrolment)))
    }

    async fn send(
        &self,
        command: &Command,
        owner: &Person,
        _passcode: Option<&SecretString>,
    ) -> Result<Answer, FleetError> {
        let Some(enrolment) = self.enrolment(&command.device).await? else {
            return Ok(Answer::Failed(Failure::Retired));
        };
        if !self.is_owner(owner, &enrolment) {
            return Ok(Answer::Failed(Failure::NoLongerYours));
        }
        let (Capability::Possible, Some(sealed)) = (enrolment.capability(), &enrolment.token) else {
            return Ok(Answer::Failed(Failure::Unsupported));
        };
        let row = unlock_token_row(&self.common.id, &enrolment.device);
        let Ok(token) = self.sealer.open(&row, sealed) else {
            tracing::error!(
                "an unlock token does not open with the key at hand: the device has to be enrolled again"
            );
            return Ok(Answer::Failed(Failure::Unsupported));
        };
        let order = clear_passcode(&Name::Reset(command.id), &token);
        Ok(match self.api.enqueue(&enrolment.device, &order).await? {
            Queued::Yes => Answer::Accepted { handle: None },
            // The one before may be queued all the same: the device will tell.
            Queued::No if command.sent_at.is_some() => {
                return Err(FleetError::Unclear("it did not take the command again".to_owned()));
            }
            Queued::No => Answer::Failed(Failure::MdmRefused),
        })
    }

    /// What is not over has not been told. NanoMDM itself cannot be asked.
    async fn outcome(&self, command: &Command) -> Result<Answer, FleetError> {
        if command.state <= CommandState::Unknown {
            return Ok(Answer::NeverArrived);
        }
        self.probe(command).await?;
        Ok(Answer::Accepted { handle: None })
    }

    /// NanoMDM takes nothing back.
    async fn cancel(&self, _command: &Command) -> Result<CancelAnswer, FleetError> {
        Ok(CancelAnswer::TooLate)
    }

    async fn receive(&self, message: &Message<'_>) -> Result<Vec<Told>, NotHeard> {
        event::verify(&self.webhook_secret, message)?;
        let event = Event::read(message.body).map_err(NotHeard::Unreadable)?;
        self.hear(event).await
    }
}

#[async_trait]
impl Mdm for NanoMdm {
    fn name(&self) -> &str {
        &self.common.name
    }

    async fn examine(&self, public_url: &str) -> Vec<Finding> {
        examination::examine(&self.api, self.enrolments.as_ref(), &self.common, public_url).await
    }
}

fn unreachable(error: StoreError) -> FleetError {
    FleetError::Unreachable(error.to_string())
}

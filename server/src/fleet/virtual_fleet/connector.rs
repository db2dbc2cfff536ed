use std::time::Duration;

use async_trait::async_trait;
use domain::Timestamp;
use domain::command::{Command, Failure};
use domain::device::{Capability, Device, DeviceId, FleetId};
use domain::fleet::{Answer, CancelAnswer, Connector, FleetError, Promises, Unclear};
use domain::person::Person;
use domain::ports::StoreError;
use secrecy::SecretString;

use super::commands::{Event, State, end, insert, journal, state_of};
use super::phones::PhoneRow;
use super::{VirtualFleet, hashes, unreachable};
use crate::database::sqlite::Tx;

/// It is a file on this machine.
const AT_MOST: Duration = Duration::from_secs(5);

#[async_trait]
impl Connector for VirtualFleet {
    fn fleet(&self) -> &FleetId {
        &self.id
    }

    fn promises(&self) -> Promises {
        Promises {
            unclear: Unclear::SendAgain,
            cancels: true,
            poll_millis: 500,
            slowest_poll_millis: 500,
            fresh_millis: 0,
            at_most: AT_MOST,
        }
    }

    async fn devices_of(&self, owner: &Person) -> Result<Vec<Device>, FleetError> {
        let now = self.clock.now();
        let phones = self.phones_of(&owner.email).await.map_err(unreachable)?;
        phones
            .iter()
            .filter(|phone| phone.is_managed_for(owner))
            .map(|phone| phone.as_device(&self.id, now).map_err(unreachable))
            .collect()
    }

    async fn device_of(&self, owner: &Person, id: &DeviceId) -> Result<Option<Device>, FleetError> {
        let phone = self.find_phone(id, &self.database.reads).await.map_err(unreachable)?;
        phone
            .filter(|phone| phone.is_managed_for(owner))
            .map(|phone| phone.as_device(&self.id, self.clock.now()))
            .transpose()
            .map_err(unreachable)
    }

    async fn send(
        &self,
        command: &Command,
        owner: &Person,
        passcode: Option<&SecretString>,
    ) -> Result<Answer, FleetError> {
        // A failed commit leaves open whether it arrived; asking for the outcome settles that.
        self.receive(command, owner, passcode).await.map_err(|error| FleetError::Unclear(error.0))
    }

    async fn outcome(&self, command: &Command) -> Result<Answer, FleetError> {
        self.ask(command).await.map_err(unreachable)
    }

    async fn cancel(&self, command: &Command) -> Result<CancelAnswer, FleetError> {
        self.take_back(command).await.map_err(|error| FleetError::Unclear(error.0))
    }
}

impl VirtualFleet {
    async fn receive(
        &self,
        command: &Command,
        owner: &Person,
        passcode: Option<&SecretString>,
    ) -> Result<Answer, StoreError> {
        let hash = match passcode {
            Some(passcode) => Some(hashes::hash(&self.random, passcode.clone()).await?),
            None => None,
        };
        let now = self.clock.now();
        let mut tx = self.database.write().await?;
        let phone = self.find_phone(&command.device, &mut *tx).await?;
        let state = match state_of(command.id, &mut *tx).await? {
            Some(state) => {
                journal(&mut tx, command.id.0, command.device.external(), Event::Duplicate, now).await?;
                state
            }
            None => take_in(&mut tx, command, judge(phone.as_ref(), owner, command, now), hash, now).await?,
        };
        tx.commit().await?;
        Ok(answer(state, phone.as_ref()))
    }

    async fn ask(&self, command: &Command) -> Result<Answer, StoreError> {
        let Some(state) = state_of(command.id, &self.database.reads).await? else {
            return Ok(Answer::NeverArrived);
        };
        let phone = self.find_phone(&command.device, &self.database.reads).await?;
        Ok(answer(state, phone.as_ref()))
    }

    async fn take_back(&self, command: &Command) -> Result<CancelAnswer, StoreError> {
        let now = self.clock.now();
        let mut tx = self.database.write().await?;
        match state_of(command.id, &mut *tx).await? {
            // A send may still be on its way: it must find the command cancelled.
            None => insert(&mut tx, command, State::Cancelled, None, now).await?,
            Some(State::Waiting) => end(&mut tx, command.id.0, State::Cancelled, now).await?,
            Some(State::Cancelled) => return Ok(CancelAnswer::Cancelled),
            Some(_) => return Ok(CancelAnswer::TooLate),
        }
        journal(&mut tx, command.id.0, command.device.external(), Event::Cancelled, now).await?;
        tx.commit().await?;
        Ok(CancelAnswer::Cancelled)
    }
}

/// What becomes of a command that arrives: whether the phone is there, whose it is, what it can do.
fn judge(phone: Option<&PhoneRow>, owner: &Person, command: &Command, now: Timestamp) -> State {
    let Some(phone) = phone.filter(|phone| phone.belongs_to(&owner.email)) else {
        return State::Failed(Failure::NoLongerYours);
    };
    if phone.retired {
        State::Failed(Failure::Retired)
    } else if phone.platform.capability() != Capability::Possible {
        State::Failed(Failure::DeviceRefused)
    } else if now >= command.deadline {
        State::Expired
    } else {
        State::Waiting
    }
}

async fn take_in(
    tx: &mut Tx,
    command: &Command,
    state: State,
    hash: Option<String>,
    now: Timestamp,
) -> Result<State, StoreError> {
    let hash = hash.filter(|_| state == State::Waiting);
    let event = match state {
        State::Expired => Event::Expired,
        State::Failed(_) => Event::Refused,
        _ => Event::Received,
    };
    insert(tx, command, state, hash.as_deref(), now).await?;
    journal(tx, command.id.0, command.device.external(), event, now).await?;
    Ok(state)
}

fn answer(state: State, phone: Option<&PhoneRow>) -> Answer {
    match state {
        State::Waiting if phone.is_some_and(|phone| !phone.online) => Answer::Waiting,
        State::Waiting | State::Delivered => Answer::Accepted { handle: None },
        State::Done => Answer::Done { passcode: None },
        State::Failed(failure) => Answer::Failed(failure),
        // Given up unexecuted, by time or by us.
        State::Expired | State::Cancelled => Answer::Expired,
    }
}

impl PhoneRow {
    fn is_managed_for(&self, owner: &Person) -> bool {
        !self.retired && self.belongs_to(&owner.email)
    }
}

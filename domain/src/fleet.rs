//! The MDMs: what the rules need of one, and of all of them together.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::Timestamp;
use crate::command::{Command, CommandId, Failure};
use crate::device::{Device, DeviceId, FleetId};
use crate::person::Person;
use crate::ports::StoreError;

/// An MDM.
#[async_trait]
pub trait Connector: Send + Sync {
    fn fleet(&self) -> &FleetId;
    fn promises(&self) -> Promises;
    /// What it would be dangerous to be unsure of is left out: a device whose owner is not certain is nobody's.
    async fn devices_of(&self, owner: &Person) -> Result<Vec<Device>, FleetError>;
    /// As the MDM knows it now. `None` when there is no such device or it is somebody else's: the two must not be told
    /// apart.
    async fn device_of(&self, owner: &Person, id: &DeviceId) -> Result<Option<Device>, FleetError>;
    /// Asked before it is written down that the command is being sent: whether what becomes of it could be told from what
    /// became of another one. Not yet is [`FleetError::Unreachable`].
    async fn may_begin(&self, _command: &Command) -> Result<(), FleetError> {
        Ok(())
    }
    /// Hands the command over under our id. The owner is checked again right before. `sent_at` says that it went out
    /// before, and may have arrived.
    async fn send(
        &self,
        command: &Command,
        owner: &Person,
        passcode: Option<&SecretString>,
    ) -> Result<Answer, FleetError>;
    async fn outcome(&self, command: &Command) -> Result<Answer, FleetError>;
    /// Takes the command back unless it reached the device.
    async fn cancel(&self, command: &Command) -> Result<CancelAnswer, FleetError>;
    /// What the MDM says of its own accord. May come twice, late, and in any order.
    ///
    /// # Errors
    /// [`NotHeard`] when it proves nothing, cannot be read, or could not be kept.
    async fn receive(&self, _message: &Message<'_>) -> Result<Vec<Told>, NotHeard> {
        Err(NotHeard::NotExpected)
    }
}

/// What a connector's MDM can promise: data the worker decides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promises {
    pub unclear: Unclear,
    /// Whether it takes a command back that has not reached its device.
    pub cancels: bool,
    /// Milliseconds between two questions about an outcome; ever more of them, up to the slowest, while it waits long.
    pub poll_millis: i64,
    pub slowest_poll_millis: i64,
    /// For so long what it said of somebody's devices is what it says now.
    pub fresh_millis: i64,
    /// For everything of one send or one question; whatever takes longer has not been answered.
    pub at_most: Duration,
}

/// What to do about a command of which nobody knows whether it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// A second one under the same id, with the same passcode, is the same command.
    SendAgain,
    /// What has arrived can be seen so many seconds after it was sent. What cannot be seen then is [`Failure::Unknown`].
    Look { seconds: i64 },
    /// It can be neither seen nor sent again: it is [`Failure::Unknown`].
    GiveUp,
}

#[derive(Debug)]
pub enum Answer {
    /// The MDM has it, and calls it so.
    Accepted {
        handle: Option<String>,
    },
    /// The MDM waits for the device to check in.
    Waiting,
    Done {
        passcode: Option<SecretString>,
    },
    Failed(Failure),
    /// The MDM gave it up unexecuted: its own deadline passed or it was cancelled there.
    Expired,
    /// The MDM has never seen this command.
    NeverArrived,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelAnswer {
    Cancelled,
    TooLate,
}

/// The text is for the operator's log: no secret, no passcode, nothing that the MDM says of a person.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// It certainly did not arrive.
    #[error("the MDM cannot be reached: {0}")]
    Unreachable(String),
    /// It did not take it, and wants to be left alone for so long.
    #[error("the MDM asks for a pause of {seconds} s")]
    Throttled { seconds: u32 },
    /// It may have arrived.
    #[error("the MDM gave no clear answer: {0}")]
    Unclear(String),
}

/// What came to the address where an MDM tells its events.
pub struct Message<'m> {
    pub body: &'m [u8],
    /// What proves that it is the MDM's.
    pub signature: Option<&'m str>,
}

/// What follows from a message.
#[derive(Debug)]
pub enum Told {
    /// Of a command, if it is one of this device.
    Of(CommandId, DeviceId, Answer),
    /// The device has been through everything it was told, and this did not happen. Unless it has put it off.
    NotDone(CommandId, DeviceId),
    /// What the device had been told by then is void.
    Lost { device: DeviceId, failure: Failure, at: Timestamp },
}

#[derive(Debug, thiserror::Error)]
pub enum NotHeard {
    /// This MDM tells nothing of its own accord.
    #[error("no events are expected")]
    NotExpected,
    #[error("it does not prove that it is the MDM's")]
    NotAuthentic,
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    #[error("{0}")]
    NotKept(StoreError),
}

/// All MDMs of the organisation. What is shown may be what one of them said last; what is decided is asked.
#[async_trait]
pub trait Fleets: Send + Sync {
    /// One of each. Never waits long for an MDM that is slow.
    async fn inventories(&self, owner: &Person) -> Vec<Inventory>;
    /// The device as it was last known to be this person's. `None` as in [`Connector::device_of`].
    ///
    /// # Errors
    /// When its MDM has never said anything of this person, and does not now.
    async fn last_known(&self, owner: &Person, id: &DeviceId) -> Result<Option<LastKnown>, FleetError>;
    /// As its MDM says now. `None` as in [`Connector::device_of`].
    async fn asked(&self, owner: &Person, id: &DeviceId) -> Result<Option<Device>, FleetError>;
    fn connector(&self, fleet: &FleetId) -> Option<Arc<dyn Connector>>;
}

/// What an MDM says of a person's devices, or said last.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// The MDM, as people call it.
    pub name: String,
    pub devices: Vec<Device>,
    /// When it said so, if it does not say anything now.
    pub as_of: Option<Timestamp>,
    /// It has never said anything, and does not now.
    pub silent: bool,
}

#[derive(Clone, Debug)]
pub struct LastKnown {
    pub device: Device,
    pub as_of: Option<Timestamp>,
}

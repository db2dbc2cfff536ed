use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::device::{Capability, Device, DeviceId, Platform};
use crate::freshness::{Grant, GrantId};
use crate::passcode::PasscodePolicy;
use crate::person::{Actor, PersonId};
use crate::{Refusal, Timestamp};

/// How long a command may wait for its device before it expires; the duration the MDM is given as well.
pub const COMMAND_SECONDS: i64 = 7 * 24 * 60 * 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CommandId(pub Uuid);

/// In which a device is reset only so often.
pub const HOUR_SECONDS: i64 = 60 * 60;

/// A durable order to one device: once its row is committed it is carried out or its failure is told, whatever crashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    pub id: CommandId,
    pub kind: CommandKind,
    pub person: PersonId,
    pub device: DeviceId,
    /// As they were at the time, so that the command can be told of after the device is gone.
    pub device_name: String,
    pub platform: Platform,
    pub policy: PasscodePolicy,
    pub state: CommandState,
    pub failure: Option<Failure>,
    pub created_at: Timestamp,
    pub deadline: Timestamp,
    /// Since when it may be with the MDM; `None` while it certainly is not.
    #[serde(skip)]
    pub sent_at: Option<Timestamp>,
    /// What the MDM calls it, where that is not by our id.
    #[serde(skip)]
    pub handle: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandKind {
    ResetPasscode,
}

/// Moves forward only, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CommandState {
    Queued,
    /// Recorded before the MDM is called: from here on it may have arrived.
    Sending,
    /// The call ended without an answer. Settled by asking, never by sending again blindly.
    Unknown,
    Sent,
    Waiting,
    Done,
    Failed,
    Expired,
    Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// The device took the command and refused it.
    DeviceRefused,
    /// The MDM did not take it.
    MdmRefused,
    /// Its system, its version or the way it is managed does not let it.
    Unsupported,
    /// The MDM no longer manages the device.
    Retired,
    /// The MDM says the device belongs to somebody else now.
    NoLongerYours,
    /// The device was set up anew, and the MDM forgot what it was to be told.
    Dropped,
    /// It went wrong, and the MDM does not say why.
    Unexplained,
    /// It may have happened: the MDM shows no trace of it, and nobody can find out.
    Unknown,
}

impl Failure {
    pub const ALL: [Self; 8] = [
        Self::DeviceRefused,
        Self::MdmRefused,
        Self::Unsupported,
        Self::Retired,
        Self::NoLongerYours,
        Self::Dropped,
        Self::Unexplained,
        Self::Unknown,
    ];
}

impl Command {
    /// Of what is asked for now. Nothing has been sent.
    #[must_use]
    pub fn reset_passcode(id: CommandId, person: PersonId, device: &Device, now: Timestamp) -> Self {
        Self {
            id,
            kind: CommandKind::ResetPasscode,
            person,
            device: device.id.clone(),
            device_name: device.name.clone(),
            platform: device.platform,
            policy: device.policy,
            state: CommandState::Queued,
            failure: None,
            created_at: now,
            deadline: now.plus_seconds(COMMAND_SECONDS),
            sent_at: None,
            handle: None,
        }
    }

    #[must_use]
    pub fn leaves_passcode(&self) -> bool {
        self.policy.leaves_passcode(self.platform)
    }
}

/// When a command came into a state: a line of its timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandStep {
    pub state: CommandState,
    pub at: Timestamp,
}

/// What may be known before a reset is submitted, read in the transaction that submits it.
#[derive(Clone, Debug, Default)]
pub struct SubmitFacts {
    /// The newest grant of this session for this device.
    pub grant: Option<Grant>,
    /// A command of any person for this device that has not ended.
    pub open: Option<CommandId>,
    /// When the resets of this device within the last hour were submitted, whoever asked for them.
    pub within_an_hour: Vec<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submission {
    New(GrantId),
    /// The grant was spent before: the answer is the command it was spent on.
    Repeated(CommandId),
}

impl CommandState {
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Sending,
        Self::Unknown,
        Self::Sent,
        Self::Waiting,
        Self::Done,
        Self::Failed,
        Self::Expired,
        Self::Cancelled,
    ];

    #[must_use]
    pub fn is_final(self) -> bool {
        self >= Self::Done
    }

    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        !self.is_final() && next > self
    }
}

/// The one rule for a reset. Ownership comes first, and has been settled by loading the device for its owner.
///
/// # Errors
/// The refusal to tell the person; nothing has been changed then.
pub fn may_submit(
    actor: &Actor,
    device: &Device,
    facts: &SubmitFacts,
    at_most_an_hour: usize,
    now: Timestamp,
) -> Result<Submission, Refusal> {
    let grant = facts
        .grant
        .as_ref()
        .filter(|grant| grant.belongs_to(actor, &device.id))
        .ok_or(Refusal::FreshSignInNeeded)?;
    if let Some(command) = grant.spent_on {
        return Ok(Submission::Repeated(command));
    }
    if !grant.is_valid(now) {
        return Err(Refusal::FreshSignInNeeded);
    }
    if let Capability::Impossible(why) = device.reset {
        return Err(Refusal::NotPossible(why));
    }
    if facts.open.is_some() {
        return Err(Refusal::AlreadyOpen);
    }
    if let Some(oldest) = facts.within_an_hour.iter().min()
        && facts.within_an_hour.len() >= at_most_an_hour
    {
        let left = HOUR_SECONDS - now.seconds_since(*oldest);
        return Err(Refusal::TooOften { retry_seconds: u32::try_from(left.max(1)).unwrap_or(1) });
    }
    Ok(Submission::New(grant.id))
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;

//! The use cases: one method each. A method identifies, asks a rule, changes rows once and sends a signal. Those of
//! signing in and out are in [`crate::sign_in`].

use std::collections::HashMap;
use std::sync::Arc;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::audit::{Event, Happened};
use crate::command::{
    COMMAND_SECONDS, Command, CommandId, CommandKind, CommandState, CommandStep, Submission,
};
use crate::device::{Device, DeviceId};
use crate::freshness;
use crate::live::{Bell, LiveUpdate, Signal};
use crate::notification::Notification;
use crate::person::Actor;
use crate::ports::{
    Authenticator, CancelAnswer, Clock, Connector, Denied, PasscodeState, Randomness, Sealer, SessionLimits,
    Settlement, Signals, Store,
};
use crate::{Refusal, Timestamp};

/// How far back a person sees what happened to them.
const HAPPENED: u32 = 50;

pub struct Portal {
    pub store: Arc<dyn Store>,
    pub fleets: Vec<Arc<dyn Connector>>,
    pub authenticator: Arc<dyn Authenticator>,
    pub sealer: Arc<dyn Sealer>,
    pub signals: Arc<dyn Signals>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Randomness>,
    pub limits: SessionLimits,
    pub window_seconds: i64,
    /// How often one device may be reset within an hour.
    pub resets_per_device_and_hour: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceCard {
    pub device: Device,
    pub last: Option<Command>,
    /// The server's time, for "12 minutes ago".
    pub now: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceDetails {
    pub device: Device,
    /// The last reset this person asked for.
    pub last: Option<Command>,
    pub steps: Vec<CommandStep>,
    /// A reset of this device has not ended, whoever asked for it.
    pub under_way: bool,
    /// How long the grant of this session still holds.
    pub grant_remaining_millis: Option<i64>,
    pub passcode: Option<PasscodeOffer>,
    pub now: Timestamp,
}

/// What can be said of a temporary passcode without showing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PasscodeOffer {
    /// "Show temporary passcode" will show it.
    Ready {
        expires_at: Timestamp,
    },
    /// It needs a fresh sign-in first.
    NeedsSignIn {
        expires_at: Timestamp,
    },
    Gone,
}

pub struct RevealedPasscode {
    pub passcode: SecretString,
    pub expires_at: Timestamp,
}

impl Portal {
    pub async fn my_devices(&self, actor: &Actor) -> Result<Vec<DeviceCard>, Denied> {
        let now = self.clock.now();
        let mut commands = self.store.last_commands(actor.person.id).await?;
        let mut cards = Vec::new();
        for fleet in &self.fleets {
            for device in fleet.devices_of(&actor.person).await? {
                let last = commands.iter().position(|command| command.device == device.id);
                cards.push(DeviceCard { last: last.map(|place| commands.swap_remove(place)), device, now });
            }
        }
        Ok(cards)
    }

    pub async fn device(&self, actor: &Actor, id: &DeviceId) -> Result<DeviceDetails, Denied> {
        let now = self.clock.now();
        let device = self.owned(actor, id).await?;
        let last = self.store.last_command(actor.person.id, id).await?;
        let steps = match &last {
            Some(command) => self.store.steps(command.id).await?,
            None => Vec::new(),
        };
        let grant = self.store.grant(actor, id).await?.filter(|grant| grant.is_valid(now));
        Ok(DeviceDetails {
            under_way: self.store.open_command(id).await?.is_some(),
            passcode: self.passcode_offer(actor, id, now).await?,
            grant_remaining_millis: grant.map(|grant| grant.remaining_millis(now)),
            device,
            last,
            steps,
            now,
        })
    }

    /// Step 2: one durable command. Asked twice with one grant, it answers with the first command.
    ///
    /// # Errors
    /// What [`crate::command::may_submit`] refuses, and [`Refusal::NotFound`] for a device that is not the actor's.
    pub async fn reset_passcode(&self, actor: &Actor, id: &DeviceId) -> Result<CommandId, Denied> {
        let now = self.clock.now();
        let device = self.owned(actor, id).await?;
        let command = Command {
            id: CommandId(self.new_id(now)),
            kind: CommandKind::ResetPasscode,
            person: actor.person.id,
            device: device.id.clone(),
            device_name: device.name.clone(),
            platform: device.platform,
            policy: device.policy,
            state: CommandState::Queued,
            failure: None,
            created_at: now,
            deadline: now.plus_seconds(COMMAND_SECONDS),
        };
        let submission =
            self.store.submit(actor, &device, &command, self.resets_per_device_and_hour, now).await?;
        self.signals.send(Signal::Changed(actor.person.id));
        Ok(match submission {
            Submission::New(_) => command.id,
            Submission::Repeated(first) => first,
        })
    }

    /// # Errors
    /// [`Refusal::NotFound`] when no reset is under way, [`Refusal::TooLateToCancel`] when it reached the device.
    pub async fn cancel_reset(&self, actor: &Actor, id: &DeviceId) -> Result<(), Denied> {
        let device = self.owned(actor, id).await?;
        let command = self
            .store
            .open_command(&device.id)
            .await?
            .filter(|command| command.person == actor.person.id)
            .ok_or(Refusal::NotFound)?;
        if self.settle_cancelled(&command, Some(CommandState::Queued)).await? {
            return Ok(());
        }
        match self.fleet_of(&device.id)?.cancel(&command).await? {
            CancelAnswer::TooLate => Err(Refusal::TooLateToCancel.into()),
            CancelAnswer::Cancelled => {
                self.settle_cancelled(&command, None).await?;
                Ok(())
            }
        }
    }

    /// # Errors
    /// [`Refusal::FreshSignInNeeded`] and [`Refusal::PasscodeGone`].
    pub async fn reveal_passcode(&self, actor: &Actor, id: &DeviceId) -> Result<RevealedPasscode, Denied> {
        let device = self.owned(actor, id).await?;
        let stored = self.store.reveal(actor, &device.id, self.clock.now()).await?;
        let PasscodeState::Sealed(sealed) = &stored.state else {
            return Err(Refusal::PasscodeGone.into());
        };
        let passcode = self.sealer.open(stored.command.0.as_bytes(), sealed)?;
        self.signals.send(Signal::Changed(actor.person.id));
        Ok(RevealedPasscode { passcode, expires_at: stored.expires_at })
    }

    /// "Done": the person has it, so nobody else needs to.
    pub async fn forget_passcode(&self, actor: &Actor, id: &DeviceId) -> Result<(), Denied> {
        let device = self.owned(actor, id).await?;
        self.store.forget_passcode(actor, &device.id, self.clock.now()).await?;
        self.signals.send(Signal::Changed(actor.person.id));
        Ok(())
    }

    pub async fn notifications(&self, actor: &Actor) -> Result<(Vec<Notification>, Timestamp), Denied> {
        Ok((self.store.notifications(actor.person.id).await?, self.clock.now()))
    }

    pub async fn mark_read(&self, actor: &Actor, up_to: i64) -> Result<(), Denied> {
        self.store.mark_read(actor.person.id, up_to, self.clock.now()).await?;
        self.signals.send(Signal::Changed(actor.person.id));
        Ok(())
    }

    /// What happened to the person's account and devices, newest first.
    pub async fn what_happened(&self, actor: &Actor) -> Result<(Vec<Happened>, Timestamp), Denied> {
        let mut names = HashMap::new();
        for fleet in &self.fleets {
            // A fleet that does not answer costs the names alone.
            let devices = fleet.devices_of(&actor.person).await.unwrap_or_default();
            names.extend(devices.into_iter().map(|device| (device.id, device.name)));
        }
        let rows = self.store.audit_of(actor.person.id, HAPPENED).await?;
        let happened = rows.into_iter().filter_map(|row| {
            // Whoever signed in in somebody else's window learns nothing of that one's device.
            let device = row.device.and_then(|id| names.get_key_value(&id.parse().ok()?));
            Some(Happened {
                seq: row.seq,
                at: row.at,
                event: Event::named(&row.event)?,
                device: device.map(|(id, name)| (id.clone(), name.clone())),
            })
        });
        Ok((happened.collect(), self.clock.now()))
    }

    pub async fn bell(&self, actor: &Actor) -> Result<Bell, Denied> {
        Ok(self.store.bell(actor.person.id).await?)
    }

    /// What a page that saw everything up to `cursor` is missing.
    pub async fn live_update(&self, actor: &Actor, cursor: i64) -> Result<LiveUpdate, Denied> {
        let bell = self.bell(actor).await?;
        let fresh = if bell.cursor > cursor {
            self.store.notifications_after(actor.person.id, cursor).await?
        } else {
            Vec::new()
        };
        Ok(LiveUpdate {
            unread: bell.unread,
            changed: true,
            cursor: fresh.iter().map(|n| n.cursor).max().unwrap_or(cursor),
            fresh,
        })
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Loads a device for its owner: somebody else's and an unknown one are the same.
    pub(crate) async fn owned(&self, actor: &Actor, id: &DeviceId) -> Result<Device, Denied> {
        let device = self.fleet_of(id)?.device_of(&actor.person, id).await?;
        Ok(device.ok_or(Refusal::NotFound)?)
    }

    fn fleet_of(&self, id: &DeviceId) -> Result<&Arc<dyn Connector>, Refusal> {
        self.fleets.iter().find(|fleet| fleet.fleet() == id.fleet()).ok_or(Refusal::NotFound)
    }

    async fn passcode_offer(
        &self,
        actor: &Actor,
        id: &DeviceId,
        now: Timestamp,
    ) -> Result<Option<PasscodeOffer>, Denied> {
        let stored = self.store.passcode(actor.person.id, id, now).await?;
        Ok(stored.map(|stored| {
            let expires_at = stored.expires_at;
            match stored.state {
                PasscodeState::Erased => PasscodeOffer::Gone,
                PasscodeState::Sealed(_) if freshness::may_reveal(actor, &stored.facts, now) => {
                    PasscodeOffer::Ready { expires_at }
                }
                PasscodeState::Sealed(_) => PasscodeOffer::NeedsSignIn { expires_at },
            }
        }))
    }

    async fn settle_cancelled(
        &self,
        command: &Command,
        only_from: Option<CommandState>,
    ) -> Result<bool, Denied> {
        let settlement = Settlement {
            command: command.id,
            fence: None,
            only_from,
            state: CommandState::Cancelled,
            failure: None,
            passcode: None,
        };
        let Some(person) = self.store.settle(&settlement, self.clock.now()).await? else {
            return Ok(false);
        };
        self.signals.send(Signal::Changed(person));
        Ok(true)
    }

    pub(crate) fn new_id(&self, now: Timestamp) -> Uuid {
        let mut random = [0; 10];
        self.random.fill(&mut random);
        let millis = u64::try_from(now.0).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

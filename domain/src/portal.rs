//! The use cases: one method each. A method identifies, asks a rule, changes rows once and sends a signal. Those of
//! signing in and out are in [`crate::sign_in`].

use std::collections::HashMap;
use std::sync::Arc;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::audit::{Event, Happened};
use crate::command::{Command, CommandId, CommandState, CommandStep, Failure, Submission};
use crate::device::{Device, DeviceId, FleetId};
use crate::fleet::{Answer, CancelAnswer, FleetError, Fleets, LastKnown, Message, NotHeard, Told};
use crate::freshness;
use crate::live::{Bell, LiveUpdate, Signal};
use crate::notification::Notification;
use crate::person::Actor;
use crate::ports::{
    Authenticator, Clock, Denied, PasscodeState, Randomness, Sealer, SessionLimits, Settlement, Signals,
    Store, StoreError,
};
use crate::{Refusal, Timestamp};

/// How far back a person sees what happened to them.
const HAPPENED: u32 = 50;

pub struct Portal {
    pub store: Arc<dyn Store>,
    pub fleets: Arc<dyn Fleets>,
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
pub struct Overview {
    pub cards: Vec<DeviceCard>,
    /// MDMs that say nothing, so that devices may be missing.
    pub silent: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceCard {
    pub device: Device,
    pub last: Option<Command>,
    /// When the MDM said so, if it says nothing now.
    pub as_of: Option<Timestamp>,
    /// The server's time, for "12 minutes ago".
    pub now: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceDetails {
    pub device: Device,
    /// When the MDM said so, if it says nothing now.
    pub as_of: Option<Timestamp>,
    /// The last reset this person asked for.
    pub last: Option<Command>,
    pub steps: Vec<CommandStep>,
    /// A reset of this device has not ended, whoever asked for it.
    pub under_way: bool,
    /// The person's reset can still be taken back.
    pub cancellable: bool,
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
    pub async fn my_devices(&self, actor: &Actor) -> Result<Overview, Denied> {
        let inventories = self.fleets.inventories(&actor.person).await;
        // What the MDMs have just heard is not later than now.
        let now = self.clock.now();
        let mut commands = self.store.last_commands(actor.person.id).await?;
        let (mut cards, mut silent) = (Vec::new(), Vec::new());
        for inventory in inventories {
            let as_of = inventory.as_of;
            for device in inventory.devices.into_iter().map(|device| device.seen_by(now)) {
                let last = commands.iter().position(|command| command.device == device.id);
                let last = last.map(|place| commands.swap_remove(place));
                cards.push(DeviceCard { device, last, as_of, now });
            }
            if inventory.silent {
                silent.push(inventory.name);
            }
        }
        Ok(Overview { cards, silent })
    }

    pub async fn device(&self, actor: &Actor, id: &DeviceId) -> Result<DeviceDetails, Denied> {
        let LastKnown { device, as_of } = self.last_known(actor, id).await?;
        let now = self.clock.now();
        let device = device.seen_by(now);
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
            cancellable: last.as_ref().is_some_and(|command| self.is_cancellable(command)),
            device,
            as_of,
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
        let device = self.to_be_reset(actor, id, self.clock.now()).await?;
        let now = self.clock.now();
        let command = Command::reset_passcode(CommandId(self.new_id(now)), actor.person.id, &device, now);
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
        // Whoever asked for it may take it back, whatever has become of the device.
        let command = self.store.open_command(id).await?;
        let command = command.filter(|command| command.person == actor.person.id).ok_or(Refusal::NotFound)?;
        if self.settle_cancelled(&command, true).await? {
            return Ok(());
        }
        let fleet = self.fleets.connector(id.fleet()).ok_or(Refusal::NotFound)?;
        match fleet.cancel(&command).await? {
            CancelAnswer::TooLate => Err(Refusal::TooLateToCancel.into()),
            CancelAnswer::Cancelled => {
                self.settle_cancelled(&command, false).await?;
                Ok(())
            }
        }
    }

    /// # Errors
    /// [`Refusal::FreshSignInNeeded`] and [`Refusal::PasscodeGone`].
    pub async fn reveal_passcode(&self, actor: &Actor, id: &DeviceId) -> Result<RevealedPasscode, Denied> {
        self.still_known(actor, id).await?;
        let stored = self.store.reveal(actor, id, self.clock.now()).await?;
        let PasscodeState::Sealed(sealed) = &stored.state else {
            return Err(Refusal::PasscodeGone.into());
        };
        let passcode = self.sealer.open(stored.command.0.as_bytes(), sealed)?;
        self.signals.send(Signal::Changed(actor.person.id));
        Ok(RevealedPasscode { passcode, expires_at: stored.expires_at })
    }

    /// "Done": the person has it, so nobody else needs to.
    pub async fn forget_passcode(&self, actor: &Actor, id: &DeviceId) -> Result<(), Denied> {
        self.still_known(actor, id).await?;
        self.store.forget_passcode(actor, id, self.clock.now()).await?;
        self.signals.send(Signal::Changed(actor.person.id));
        Ok(())
    }

    /// What an MDM says of its own accord. What became of which commands.
    ///
    /// # Errors
    /// What the connector makes of a message that is not believed or cannot be read.
    pub async fn hear(&self, fleet: &FleetId, message: &Message<'_>) -> Result<Vec<CommandState>, NotHeard> {
        let connector = self.fleets.connector(fleet).ok_or(NotHeard::NotExpected)?;
        let mut ended = Vec::new();
        for told in connector.receive(message).await? {
            ended.extend(self.settle_told(told).await.map_err(NotHeard::NotKept)?);
        }
        Ok(ended)
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
        let inventories = self.fleets.inventories(&actor.person).await.into_iter();
        let devices = inventories.flat_map(|inventory| inventory.devices);
        let names: HashMap<_, _> = devices.map(|device| (device.id, device.name)).collect();
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

    /// As its MDM says now. Whoever may not reset it anyway is no reason to ask.
    async fn to_be_reset(&self, actor: &Actor, id: &DeviceId, now: Timestamp) -> Result<Device, Denied> {
        let known = self.last_known(actor, id).await?.device;
        let grant = self.store.grant(actor, id).await?;
        if !grant.is_some_and(|grant| grant.is_valid(now)) {
            return Ok(known);
        }
        Ok(self.fleets.asked(&actor.person, id).await?.ok_or(Refusal::NotFound)?)
    }

    /// A device of the actor's as it was last known: somebody else's and an unknown one are the same.
    pub(crate) async fn last_known(&self, actor: &Actor, id: &DeviceId) -> Result<LastKnown, Denied> {
        Ok(self.fleets.last_known(&actor.person, id).await?.ok_or(Refusal::NotFound)?)
    }

    /// A silent MDM keeps nobody from what their own reset left behind.
    async fn still_known(&self, actor: &Actor, id: &DeviceId) -> Result<(), Denied> {
        match self.last_known(actor, id).await {
            Ok(_) | Err(Denied::Fleet(FleetError::Unreachable(_))) => Ok(()),
            Err(denied) => Err(denied),
        }
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

    fn is_cancellable(&self, command: &Command) -> bool {
        let cancels = || {
            let mdm = self.fleets.connector(command.device.fleet());
            mdm.is_some_and(|mdm| mdm.promises().cancels)
        };
        !command.state.is_final() && (command.sent_at.is_none() || cancels())
    }

    async fn settle_cancelled(&self, command: &Command, only_unsent: bool) -> Result<bool, Denied> {
        let settlement = Settlement {
            command: command.id,
            fence: None,
            only_unsent,
            state: CommandState::Cancelled,
            failure: None,
            passcode: None,
            handle: None,
        };
        let Some(person) = self.store.settle(&settlement, self.clock.now()).await? else {
            return Ok(false);
        };
        self.signals.send(Signal::Changed(person));
        Ok(true)
    }

    /// It may be late, said twice, or about another device: only what moves an open command forward changes anything.
    async fn settle_told(&self, told: Told) -> Result<Option<CommandState>, StoreError> {
        let (command, state, failure, passcode) = match told {
            Told::Of(id, device, answer) => {
                let Some(command) = self.told_of(id, &device).await? else { return Ok(None) };
                let (state, failure, passcode) = match answer {
                    Answer::Waiting => (CommandState::Waiting, None, None),
                    Answer::Expired => (CommandState::Expired, None, None),
                    Answer::Failed(failure) => (CommandState::Failed, Some(failure), None),
                    Answer::Done { passcode } => (CommandState::Done, None, passcode),
                    Answer::Accepted { .. } | Answer::NeverArrived => return Ok(None),
                };
                (command, state, failure, passcode)
            }
            Told::NotDone(id, device) => {
                let Some(command) = self.told_of(id, &device).await? else { return Ok(None) };
                if command.state == CommandState::Waiting {
                    return Ok(None);
                }
                (command, CommandState::Failed, Some(Failure::Unknown), None)
            }
            Told::Lost { device, failure, at } => {
                let open = self.store.open_command(&device).await?;
                // What has not been sent finds out for itself.
                let told = open.filter(|command| command.sent_at.is_some_and(|sent_at| sent_at <= at));
                let Some(command) = told else { return Ok(None) };
                (command, CommandState::Failed, Some(failure), None)
            }
        };
        let settlement = Settlement {
            command: command.id,
            fence: None,
            only_unsent: false,
            state,
            failure,
            passcode: passcode.map(|passcode| self.sealer.seal(command.id.0.as_bytes(), &passcode)),
            handle: None,
        };
        let settled = self.store.settle(&settlement, self.clock.now()).await?;
        if let Some(person) = settled {
            self.signals.send(Signal::Changed(person));
        }
        Ok(settled.map(|_| state))
    }

    async fn told_of(&self, id: CommandId, device: &DeviceId) -> Result<Option<Command>, StoreError> {
        let command = self.store.command(id).await?;
        // What was never sent cannot have been answered.
        Ok(command.filter(|command| command.device == *device && command.sent_at.is_some()))
    }

    pub(crate) fn new_id(&self, now: Timestamp) -> Uuid {
        let mut random = [0; 10];
        self.random.fill(&mut random);
        let millis = u64::try_from(now.0).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

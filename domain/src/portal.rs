//! The use cases: one method each. A method identifies, asks a rule, changes rows once and sends a signal.

use std::sync::Arc;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::account::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS, SignedIn, TokenHash};
use crate::command::{
    COMMAND_SECONDS, Command, CommandId, CommandKind, CommandState, CommandStep, Submission,
};
use crate::device::{Device, DeviceId};
use crate::freshness::{self, Authentication, Purpose, SignInWindow, Verdict, WindowId};
use crate::live::{Bell, LiveUpdate, Signal};
use crate::notification::Notification;
use crate::person::{Actor, SessionId};
use crate::ports::{
    Authenticator, CancelAnswer, Clock, Connector, Denied, NewSession, PasscodeState, Randomness, Sealer,
    SessionLimits, Settlement, Signals, Store,
};
use crate::{Refusal, Timestamp};

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

/// Where a sign-in leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Landing {
    Devices,
    /// In time: to what the window was opened for.
    Proven(Purpose, DeviceId),
    Late(Purpose, DeviceId),
    /// Somebody else's window. Names no device.
    AnotherPerson,
}

/// What the sign-in page counts down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Countdown {
    pub remaining_millis: i64,
    pub total_seconds: i64,
    pub purpose: Purpose,
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

pub struct SignInAttempt {
    pub user_name: String,
    pub password: SecretString,
    /// The hash of the session cookie that will be set.
    pub token: TokenHash,
    pub browser: Option<TokenHash>,
    /// The session this browser has until now; it ends.
    pub replaces: Option<SessionId>,
    pub known_before: Option<TokenHash>,
    pub known_browser: TokenHash,
    pub agent: String,
}

impl Portal {
    /// # Errors
    /// [`Refusal::WrongCredentials`], the same for an unknown name and a wrong password; the window stays open then.
    pub async fn sign_in(&self, attempt: SignInAttempt) -> Result<Landing, Denied> {
        let now = self.clock.now();
        if attempt.password_too_long() {
            return Err(Refusal::WrongCredentials.into());
        }
        let Some(person) = self.authenticator.authenticate(&attempt.user_name, &attempt.password).await?
        else {
            self.store.note_failed_sign_in(&attempt.user_name, now).await?;
            return Err(Refusal::WrongCredentials.into());
        };
        let session = NewSession {
            session: SessionId(self.new_id(now)),
            token: attempt.token,
            person,
            proof: Authentication::local(now),
            browser: attempt.browser,
            replaces: attempt.replaces,
            known_before: attempt.known_before,
            known_browser: attempt.known_browser,
            agent: attempt.agent,
        };
        let outcome = self.store.sign_in(&session, now).await?;
        if let Some(replaced) = session.replaces {
            self.signals.send(Signal::SessionEnded(replaced));
        }
        Ok(match outcome {
            None => Landing::Devices,
            Some(window) => match window.verdict {
                Verdict::Granted => Landing::Proven(window.purpose, window.device),
                Verdict::Late | Verdict::NotFresh => Landing::Late(window.purpose, window.device),
                Verdict::AnotherPerson => Landing::AnotherPerson,
            },
        })
    }

    pub async fn actor(&self, token: &TokenHash) -> Result<Option<Actor>, Denied> {
        Ok(self.store.actor(token, &self.limits, self.clock.now()).await?)
    }

    pub async fn sign_out(&self, actor: &Actor) -> Result<(), Denied> {
        self.store.sign_out(actor, self.clock.now()).await?;
        self.signals.send(Signal::SessionEnded(actor.session));
        Ok(())
    }

    /// Step 1 of a reset: the server's clock starts here.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a device that is not the actor's; the session goes on then.
    pub async fn sign_out_to_prove(
        &self,
        actor: &Actor,
        device: &DeviceId,
        purpose: Purpose,
        browser: &TokenHash,
        replaces: Option<&TokenHash>,
    ) -> Result<(), Denied> {
        let opened_at = self.clock.now();
        let device = self.owned(actor, device).await?;
        if let (Purpose::Reset, crate::device::Capability::Impossible(why)) = (purpose, device.reset) {
            return Err(Refusal::NotPossible(why).into());
        }
        let window = SignInWindow {
            id: WindowId(self.new_id(opened_at)),
            person: actor.person.id,
            device: device.id,
            purpose,
            opened_at,
            seconds: self.window_seconds,
        };
        self.store.sign_out_to_prove(actor, &window, browser, replaces, opened_at).await?;
        self.signals.send(Signal::SessionEnded(actor.session));
        Ok(())
    }

    pub async fn countdown(&self, browser: &TokenHash) -> Result<Option<Countdown>, Denied> {
        let window = self.store.window(browser).await?;
        Ok(window.map(|window| Countdown {
            remaining_millis: window.remaining_millis(self.clock.now()),
            total_seconds: window.seconds,
            purpose: window.purpose,
        }))
    }

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
        let passcode = self.sealer.open(stored.command, sealed)?;
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

    pub async fn sessions(&self, actor: &Actor) -> Result<(Vec<SignedIn>, Timestamp), Denied> {
        let now = self.clock.now();
        Ok((self.store.sessions(actor, &self.limits, now).await?, now))
    }

    /// # Errors
    /// [`Refusal::NotFound`] for a session that is not the actor's.
    pub async fn end_session(&self, actor: &Actor, session: SessionId) -> Result<(), Denied> {
        if !self.store.end_session(actor, session, self.clock.now()).await? {
            return Err(Refusal::NotFound.into());
        }
        self.signals.send(Signal::SessionEnded(session));
        Ok(())
    }

    /// # Errors
    /// [`Refusal::WrongPassword`] and [`Refusal::WeakPassword`].
    pub async fn change_password(
        &self,
        actor: &Actor,
        current: &SecretString,
        new: &SecretString,
    ) -> Result<(), Denied> {
        use secrecy::ExposeSecret;
        let text = new.expose_secret();
        if text.chars().count() < MIN_PASSWORD_CHARS || text.len() > MAX_PASSWORD_BYTES {
            return Err(Refusal::WeakPassword.into());
        }
        if current.expose_secret().len() > MAX_PASSWORD_BYTES
            || !self.authenticator.check(actor.person.id, current).await?
        {
            return Err(Refusal::WrongPassword.into());
        }
        let hash = self.authenticator.hash(new).await?;
        self.store.change_password(actor, &hash, self.clock.now()).await?;
        self.signals.send(Signal::SessionsEnded { person: actor.person.id, except: Some(actor.session) });
        Ok(())
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Loads a device for its owner: somebody else's and an unknown one are the same.
    async fn owned(&self, actor: &Actor, id: &DeviceId) -> Result<Device, Denied> {
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

    fn new_id(&self, now: Timestamp) -> Uuid {
        let mut random = [0; 10];
        self.random.fill(&mut random);
        let millis = u64::try_from(now.0).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

impl SignInAttempt {
    /// Longer ones belong to nobody, and hashing them would be work for an attacker's asking.
    fn password_too_long(&self) -> bool {
        use secrecy::ExposeSecret;
        self.password.expose_secret().len() > MAX_PASSWORD_BYTES
    }
}

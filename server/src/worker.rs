//! Carries commands out: takes what is due, asks or tells the MDM, and settles what came of it. Every step is recorded
//! before the next, so that a crash anywhere leaves a row from which another worker goes on.

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use domain::command::{CommandState, Failure};
use domain::live::Signal;
use domain::portal::Portal;
use domain::ports::{Answer, CancelAnswer, Connector, FleetError, Lease, Sealed, Settlement, StoreError};
use secrecy::SecretString;
use tokio::sync::{Semaphore, broadcast, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::ending::asked_to_end;
use crate::metrics;

/// How long an MDM may take to answer. Afterwards it is asked what became of the command.
const CALL: Duration = Duration::from_secs(5);
/// Longer than a call: whoever holds a lease this old has crashed.
const LEASE_MILLIS: i64 = 10_000;
/// How many commands are worked on at once.
const HANDS: usize = 16;
/// How often to look for what no signal tells: passcodes to erase, commands due.
const ROUND: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF_MILLIS: i64 = 30_000;
/// After its deadline a command that the MDM can neither take back nor tell of is given up.
const GRACE_MILLIS: i64 = 60_000;

pub struct Worker {
    pub portal: Arc<Portal>,
}

/// What came of one turn with a command.
#[derive(Debug)]
enum Turn {
    Settle {
        state: CommandState,
        failure: Option<Failure>,
        passcode: Option<Sealed>,
    },
    /// Nothing new: ask again when the MDM likes to be asked.
    AskAgain,
    /// The MDM did not answer.
    NoAnswer,
    /// Another worker has it now.
    Lost,
}

impl Turn {
    const fn to(state: CommandState) -> Self {
        Self::Settle { state, failure: None, passcode: None }
    }

    const fn failed(failure: Failure) -> Self {
        Self::Settle { state: CommandState::Failed, failure: Some(failure), passcode: None }
    }
}

impl Worker {
    /// Until `stop` becomes true; then finishes what it has in hand.
    pub async fn run(
        self: Arc<Self>,
        mut hints: broadcast::Receiver<Signal>,
        mut stop: watch::Receiver<bool>,
    ) {
        let hands = Arc::new(Semaphore::new(HANDS));
        let mut at_work = JoinSet::new();
        loop {
            while at_work.try_join_next().is_some() {}
            if let Err(error) = self.round(&hands, &mut at_work).await {
                tracing::error!(%error, "the worker could not read its commands");
            }
            tokio::select! {
                () = asked_to_end(&mut stop) => break,
                () = tokio::time::sleep(self.until_next_due().await) => {}
                // Any change may be a new command; missed hints are hints as well.
                _ = hints.recv() => {}
            }
        }
        at_work.join_all().await;
    }

    async fn round(
        self: &Arc<Self>,
        hands: &Arc<Semaphore>,
        at_work: &mut JoinSet<()>,
    ) -> Result<(), StoreError> {
        let store = &self.portal.store;
        store.erase_expired(self.portal.now()).await?;
        while let Ok(hand) = Arc::clone(hands).try_acquire_owned() {
            let now = self.portal.now();
            let Some(lease) = store.lease(now, now.plus_millis(LEASE_MILLIS)).await? else { break };
            let worker = Arc::clone(self);
            at_work.spawn(async move {
                if let Err(error) = worker.turn(&lease).await {
                    tracing::error!(%error, command = %lease.command.id.0, "a command could not be carried on");
                }
                drop(hand);
            });
        }
        Ok(())
    }

    async fn until_next_due(&self) -> Duration {
        let due = self.portal.store.next_due().await.ok().flatten();
        let millis = due.map_or(i64::MAX, |due| due.millis_since(self.portal.now()).max(10));
        ROUND.min(Duration::from_millis(u64::try_from(millis).unwrap_or_default()))
    }

    /// One lease: one step, settled, and given back.
    async fn turn(&self, lease: &Lease) -> Result<(), StoreError> {
        match self.carry_on(lease).await? {
            Turn::Lost => Ok(()),
            Turn::Settle { state, failure, passcode } => {
                let settlement = Settlement {
                    command: lease.command.id,
                    fence: Some(lease.fence),
                    only_from: None,
                    state,
                    failure,
                    passcode,
                };
                let settled = self.portal.store.settle(&settlement, self.portal.now()).await?;
                if let Some(person) = settled {
                    metrics::reset_ended(state);
                    self.portal.signals.send(Signal::Changed(person));
                }
                self.give_back(lease, self.poll_millis(lease), 0).await
            }
            Turn::AskAgain => self.give_back(lease, self.poll_millis(lease), 0).await,
            Turn::NoAnswer => {
                let backoff = (self.poll_millis(lease) << lease.failures.min(10)).min(LONGEST_BACKOFF_MILLIS);
                self.give_back(lease, backoff, lease.failures.saturating_add(1)).await
            }
        }
    }

    async fn give_back(&self, lease: &Lease, millis: i64, failures: u32) -> Result<(), StoreError> {
        self.portal.store.release(lease, self.portal.now().plus_millis(millis), failures).await
    }

    async fn carry_on(&self, lease: &Lease) -> Result<Turn, StoreError> {
        let Some(mdm) = self.connector(lease) else { return Ok(Turn::NoAnswer) };
        let now = self.portal.now();
        if lease.command.state != CommandState::Queued {
            return Ok(self.ask(mdm, lease, now).await);
        }
        if now >= lease.command.deadline {
            return Ok(Turn::to(CommandState::Expired));
        }
        let effect = lease.command.platform.reset_effect();
        let passcode =
            effect.and_then(|effect| effect.make_passcode(lease.command.policy, self.portal.random.as_ref()));
        let sealed = passcode
            .as_ref()
            .map(|passcode| self.portal.sealer.seal(lease.command.id.0.as_bytes(), passcode));
        if !self.portal.store.begin_sending(lease, sealed.as_ref(), now).await? {
            return Ok(Turn::Lost);
        }
        self.portal.signals.send(Signal::Changed(lease.command.person));
        Ok(self.send(mdm, lease, passcode.as_ref()).await)
    }

    async fn send(&self, mdm: &dyn Connector, lease: &Lease, passcode: Option<&SecretString>) -> Turn {
        let command = &lease.command;
        match timeout(CALL, mdm.send(command, &lease.owner, passcode)).await {
            Ok(Ok(answer)) => self.read(lease, answer),
            Ok(Err(error @ FleetError::Unreachable(_))) => {
                tracing::warn!(%error, command = %command.id.0, "a command was not sent");
                Turn::NoAnswer
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, command = %command.id.0, "a command may have been sent");
                Turn::to(CommandState::Unknown)
            }
            Err(_) => {
                tracing::warn!(command = %command.id.0, "the MDM took too long: a command may have been sent");
                Turn::to(CommandState::Unknown)
            }
        }
    }

    /// What was handed over, or may have been, is asked for and never sent again blindly.
    async fn ask(&self, mdm: &dyn Connector, lease: &Lease, now: Timestamp) -> Turn {
        let overdue = now >= lease.command.deadline;
        let abandoned = now >= lease.command.deadline.plus_millis(GRACE_MILLIS);
        match timeout(CALL, mdm.outcome(&lease.command)).await {
            Ok(Ok(Answer::Accepted | Answer::Waiting | Answer::NeverArrived)) if overdue => {
                give_up(mdm, lease, abandoned).await
            }
            Ok(Ok(Answer::NeverArrived)) => self.send_again(mdm, lease).await,
            Ok(Ok(answer)) => self.read(lease, answer),
            _ if abandoned => Turn::failed(Failure::Unexplained),
            Ok(Err(error)) => {
                tracing::warn!(%error, command = %lease.command.id.0, "an outcome could not be asked for");
                Turn::NoAnswer
            }
            Err(_) => Turn::NoAnswer,
        }
    }

    /// The MDM says it never saw the command. A message under way may still prove it wrong, so the same command goes
    /// out, with the same passcode, to an MDM that takes two of one id for one; to any other, none does.
    async fn send_again(&self, mdm: &dyn Connector, lease: &Lease) -> Turn {
        if !mdm.promises().deduplicates {
            return Turn::failed(Failure::Unexplained);
        }
        let opened = lease
            .passcode
            .as_ref()
            .map(|sealed| self.portal.sealer.open(lease.command.id.0.as_bytes(), sealed));
        match opened.transpose() {
            Ok(passcode) => self.send(mdm, lease, passcode.as_ref()).await,
            Err(error) => {
                tracing::error!(%error, command = %lease.command.id.0, "a command cannot be sent again");
                Turn::failed(Failure::Unexplained)
            }
        }
    }

    fn read(&self, lease: &Lease, answer: Answer) -> Turn {
        let turn = match answer {
            Answer::Accepted => Turn::to(CommandState::Sent),
            Answer::Waiting => Turn::to(CommandState::Waiting),
            Answer::Expired => Turn::to(CommandState::Expired),
            Answer::Failed(failure) => Turn::failed(failure),
            Answer::NeverArrived => Turn::NoAnswer,
            Answer::Done { passcode } => Turn::Settle {
                state: CommandState::Done,
                failure: None,
                passcode: passcode.map(|made| self.portal.sealer.seal(lease.command.id.0.as_bytes(), &made)),
            },
        };
        match turn {
            // An MDM may say "accepted" again after "waiting"; a state never goes back.
            Turn::Settle { state, .. } if !state.is_final() && state <= lease.command.state => Turn::AskAgain,
            turn => turn,
        }
    }

    fn connector(&self, lease: &Lease) -> Option<&dyn Connector> {
        let fleet = lease.command.device.fleet();
        self.portal.fleets.iter().find(|mdm| mdm.fleet() == fleet).map(AsRef::as_ref)
    }

    fn poll_millis(&self, lease: &Lease) -> i64 {
        self.connector(lease).map_or(LONGEST_BACKOFF_MILLIS, |mdm| mdm.promises().poll_millis)
    }
}

async fn give_up(mdm: &dyn Connector, lease: &Lease, abandoned: bool) -> Turn {
    match timeout(CALL, mdm.cancel(&lease.command)).await {
        Ok(Ok(CancelAnswer::Cancelled)) => Turn::to(CommandState::Expired),
        _ if abandoned => Turn::failed(Failure::Unexplained),
        // It has reached the device after all: its outcome is on its way.
        Ok(Ok(CancelAnswer::TooLate)) => Turn::AskAgain,
        Ok(Err(_)) | Err(_) => Turn::NoAnswer,
    }
}

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;

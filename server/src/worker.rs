//! Carries commands out: takes what is due, asks or tells the MDM, and settles what came of it. Every step is recorded
//! before the next, so that a crash anywhere leaves a row from which another worker goes on.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use domain::Timestamp;
use domain::command::{Command, CommandState, Failure};
use domain::device::FleetId;
use domain::fleet::{Answer, CancelAnswer, Connector, FleetError, Unclear};
use domain::live::Signal;
use domain::portal::Portal;
use domain::ports::{Lease, Pause, SealBroken, Sealed, Settlement, StoreError};
use secrecy::SecretString;
use tokio::sync::{Notify, broadcast, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::ending::{Stopping, asked_to_end, asked_to_leave};
use crate::metrics;

/// Whoever holds a lease this old has crashed: the living renew it.
const LEASE_MILLIS: i64 = 8_000;
const RENEWAL: Duration = Duration::from_secs(2);
/// What an MDM has not answered so long after the program began to close is given back, while there is time for that.
const LAST_CALLS: Duration = Duration::from_secs(4);
/// How many commands of one MDM are worked on at once. A slow one keeps its own waiting, and nobody else's.
const HANDS: usize = 8;
/// How often to look for what no signal tells: passcodes to erase, commands due.
const ROUND: Duration = Duration::from_secs(1);
/// What waits for so many times an interval is looked at in that interval.
const PATIENCE: i64 = 20;
const LONGEST_BACKOFF_MILLIS: i64 = 30_000;
/// After its deadline a command that the MDM can neither take back nor tell of is given up.
const GRACE_MILLIS: i64 = 60_000;

pub struct Worker {
    portal: Arc<Portal>,
    /// How many commands of each MDM are in hand.
    in_hand: Mutex<HashMap<FleetId, usize>>,
    /// A hand is free that all of its MDM's were not.
    freed: Notify,
    /// Whatever is in hand is given back now, answered or not.
    let_go: watch::Sender<bool>,
}

/// A lease, and until when it is known to be ours.
struct Held<'l> {
    lease: &'l Lease,
    until: AtomicI64,
}

/// Given back however a turn ends.
struct Hand {
    worker: Arc<Worker>,
    fleet: FleetId,
}

impl Hand {
    fn take(worker: &Arc<Worker>, fleet: &FleetId) -> Self {
        *worker.in_hand().entry(fleet.clone()).or_default() += 1;
        Self { worker: Arc::clone(worker), fleet: fleet.clone() }
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        let mut in_hand = self.worker.in_hand();
        let count = in_hand.entry(self.fleet.clone()).or_default();
        if *count >= HANDS {
            self.worker.freed.notify_one();
        }
        *count -= 1;
    }
}

/// What came of one turn with a command.
#[derive(Debug)]
enum Turn {
    Settle {
        state: CommandState,
        failure: Option<Failure>,
        passcode: Option<Sealed>,
        handle: Option<String>,
    },
    /// Nothing new: ask again when the MDM likes to be asked.
    AskAgain,
    /// The MDM did not answer, or wants to be left alone for so long.
    Pause {
        seconds: u32,
        /// What was to be sent certainly did not arrive.
        unsent: bool,
    },
    /// Another worker has it now.
    Lost,
    /// The program ends before the MDM answers.
    LetGo,
}

impl Turn {
    const NO_ANSWER: Self = Self::Pause { seconds: 0, unsent: false };

    const fn to(state: CommandState) -> Self {
        Self::Settle { state, failure: None, passcode: None, handle: None }
    }

    const fn failed(failure: Failure) -> Self {
        Self::Settle { state: CommandState::Failed, failure: Some(failure), passcode: None, handle: None }
    }
}

impl Worker {
    pub fn new(portal: Arc<Portal>) -> Self {
        Self { portal, in_hand: Mutex::default(), freed: Notify::new(), let_go: watch::Sender::new(false) }
    }

    /// Until the program is asked to end; then finishes what it has in hand.
    pub async fn run(self: Arc<Self>, mut hints: broadcast::Receiver<Signal>, mut stop: Stopping) {
        let mut at_work = JoinSet::new();
        loop {
            while at_work.try_join_next().is_some() {}
            if let Err(error) = self.round(&mut at_work).await {
                tracing::error!(%error, "the worker could not read its commands");
            }
            tokio::select! {
                biased;
                () = asked_to_leave(&mut stop) => break,
                () = tokio::time::sleep(self.until_next_due().await) => {}
                () = self.freed.notified() => {}
                // Any change may be a new command; missed hints are hints as well.
                _ = hints.recv() => {}
            }
        }
        self.finish(at_work, stop).await;
    }

    /// An MDM may take its time until shortly before the end. What it has not answered by then is due at once: whoever
    /// goes on, here or elsewhere, does so as after a crash, and need not wait until the lease has run out.
    async fn finish(&self, mut at_work: JoinSet<()>, mut stop: Stopping) {
        let last_calls = async {
            asked_to_end(&mut stop).await;
            tokio::time::sleep(LAST_CALLS).await;
        };
        let ended = async { while at_work.join_next().await.is_some() {} };
        tokio::select! {
            () = ended => return,
            () = last_calls => {}
        }
        self.let_go.send_replace(true);
        at_work.join_all().await;
    }

    async fn round(self: &Arc<Self>, at_work: &mut JoinSet<()>) -> Result<(), StoreError> {
        let store = &self.portal.store;
        store.erase_expired(self.portal.now()).await?;
        loop {
            let now = self.portal.now();
            let lease = store.lease(now, now.plus_millis(LEASE_MILLIS), &self.busy()).await?;
            let Some(lease) = lease else { return Ok(()) };
            let worker = Arc::clone(self);
            let hand = Hand::take(self, lease.command.device.fleet());
            at_work.spawn(async move {
                if let Err(error) = worker.turn(&lease).await {
                    tracing::error!(%error, command = %lease.command.id.0, "a command could not be carried on");
                }
                drop(hand);
            });
        }
    }

    /// The MDMs for which nobody has a hand free.
    fn busy(&self) -> Vec<FleetId> {
        let in_hand = self.in_hand();
        in_hand.iter().filter(|(_, count)| **count >= HANDS).map(|(fleet, _)| fleet.clone()).collect()
    }

    fn in_hand(&self) -> MutexGuard<'_, HashMap<FleetId, usize>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One turn with one command, if one is due.
    #[cfg(test)]
    pub async fn take_turn(&self) -> Result<bool, StoreError> {
        let now = self.portal.now();
        let lease = self.portal.store.lease(now, now.plus_millis(LEASE_MILLIS), &[]).await?;
        if let Some(lease) = &lease {
            self.turn(lease).await?;
        }
        Ok(lease.is_some())
    }

    /// What is due for an MDM that is busy waits for a hand, not for a time.
    async fn until_next_due(&self) -> Duration {
        if !self.busy().is_empty() {
            return ROUND;
        }
        let due = self.portal.store.next_due().await.ok().flatten();
        let millis = due.map_or(i64::MAX, |due| due.millis_since(self.portal.now()).max(10));
        ROUND.min(Duration::from_millis(u64::try_from(millis).unwrap_or_default()))
    }

    /// One lease: one step, settled, and given back.
    async fn turn(&self, lease: &Lease) -> Result<(), StoreError> {
        let turn = self.while_held(lease).await?;
        match turn {
            Turn::Lost => Ok(()),
            Turn::Settle { state, failure, passcode, handle } => {
                let settlement = Settlement {
                    command: lease.command.id,
                    fence: Some(lease.fence),
                    only_unsent: false,
                    state,
                    failure,
                    passcode,
                    handle,
                };
                let settled = self.portal.store.settle(&settlement, self.portal.now()).await?;
                if let Some(person) = settled {
                    metrics::reset_ended(state);
                    self.portal.signals.send(Signal::Changed(person));
                }
                // What has just moved may soon move again.
                self.give_back(lease, self.poll_millis(lease), 0, false).await
            }
            // Sent or not, it stays as it was written down.
            Turn::LetGo => {
                tracing::warn!(command = %lease.command.id.0, "the program ends before an MDM has answered");
                self.give_back(lease, 0, lease.failures, false).await
            }
            Turn::AskAgain => self.give_back(lease, self.next_look_millis(lease), 0, false).await,
            Turn::Pause { seconds, unsent } => {
                let millis = self.backoff_millis(lease).max(i64::from(seconds) * 1000);
                self.give_back(lease, millis, lease.failures.saturating_add(1), unsent).await
            }
        }
    }

    /// A call may last longer than a lease: whoever lives renews it, and stops when another one has taken over.
    async fn while_held(&self, lease: &Lease) -> Result<Turn, StoreError> {
        let held = Held { lease, until: AtomicI64::new(lease.until.0) };
        // Beside each other: work that stood still meanwhile could keep the turn to write that the renewal waits for.
        tokio::select! {
            // Whoever wakes up learns first whether it is still theirs.
            biased;
            () = self.hold(&held) => Ok(Turn::Lost),
            turn = self.carry_on(&held) => turn,
            // The call ends here as well, so that its answer is nobody's any more.
            () = self.asked_to_let_go() => Ok(Turn::LetGo),
        }
    }

    /// Until another worker has it.
    async fn hold(&self, held: &Held<'_>) {
        loop {
            tokio::time::sleep(RENEWAL).await;
            let until = self.portal.now().plus_millis(LEASE_MILLIS);
            match self.portal.store.renew(held.lease, until).await {
                Ok(true) => held.until.store(until.0, Ordering::Relaxed),
                Ok(false) => return,
                // What is on its way is not given up for a database that is busy.
                Err(error) => tracing::warn!(%error, "a lease could not be renewed"),
            }
        }
    }

    async fn asked_to_let_go(&self) {
        let _ = self.let_go.subscribe().wait_for(|let_go| *let_go).await;
    }

    async fn give_back(
        &self,
        lease: &Lease,
        millis: i64,
        failures: u32,
        unsent: bool,
    ) -> Result<(), StoreError> {
        let (now, deadline) = (self.portal.now(), lease.command.deadline);
        // However long an MDM wants to be left alone, the end is not missed.
        let ends = [deadline, deadline.plus_millis(GRACE_MILLIS)];
        let next_end = ends.into_iter().find(|end| now < *end);
        let due = now.plus_millis(millis);
        let due = next_end.map_or(due, |end| due.min(end));
        self.portal.store.release(lease, Pause { due, failures, unsent }).await
    }

    async fn carry_on(&self, held: &Held<'_>) -> Result<Turn, StoreError> {
        let lease = held.lease;
        let command = &lease.command;
        let now = self.portal.now();
        let unsent = command.state == CommandState::Queued
            || (command.state == CommandState::Sending && command.sent_at.is_none());
        if unsent && now >= command.deadline {
            return Ok(Turn::to(CommandState::Expired));
        }
        let Some(mdm) = self.portal.fleets.connector(command.device.fleet()) else {
            // Its MDM is not in the settings any more.
            return Ok(if is_abandoned(command, now) {
                Turn::failed(Failure::Unknown)
            } else {
                Turn::NO_ANSWER
            });
        };
        if !unsent {
            return Ok(self.ask(mdm.as_ref(), held, now).await);
        }
        if let Some(turn) = self.not_yet(mdm.as_ref(), command).await {
            return Ok(turn);
        }
        let (passcode, sealed) = match self.passcode_kept(lease) {
            Ok(Some(passcode)) => (Some(passcode), None),
            Ok(None) => self.make_passcode(command),
            Err(error) => return Ok(broken(command, error)),
        };
        if !self.portal.store.begin_sending(lease, sealed.as_ref(), now).await? {
            return Ok(Turn::Lost);
        }
        self.portal.signals.send(Signal::Changed(command.person));
        Ok(self.send(mdm.as_ref(), held, passcode.as_ref()).await)
    }

    /// Nothing has been sent, and nothing says so.
    async fn not_yet(&self, mdm: &dyn Connector, command: &Command) -> Option<Turn> {
        let asked = timeout(mdm.promises().at_most, mdm.may_begin(command)).await;
        let seconds = match asked {
            Ok(Ok(())) => return None,
            Ok(Err(FleetError::Throttled { seconds })) => seconds,
            Ok(Err(error)) => {
                tracing::warn!(%error, command = %command.id.0, "a command is not sent yet");
                0
            }
            Err(_) => 0,
        };
        Some(Turn::Pause { seconds, unsent: true })
    }

    /// What was to be sent with it before.
    fn passcode_kept(&self, lease: &Lease) -> Result<Option<SecretString>, SealBroken> {
        let row = lease.command.id.0;
        lease.passcode.as_ref().map(|sealed| self.portal.sealer.open(row.as_bytes(), sealed)).transpose()
    }

    fn make_passcode(&self, command: &Command) -> (Option<SecretString>, Option<Sealed>) {
        let passcode = command.policy.make_passcode(command.platform, self.portal.random.as_ref());
        let sealed =
            passcode.as_ref().map(|passcode| self.portal.sealer.seal(command.id.0.as_bytes(), passcode));
        (passcode, sealed)
    }

    async fn send(&self, mdm: &dyn Connector, held: &Held<'_>, passcode: Option<&SecretString>) -> Turn {
        let lease = held.lease;
        let command = &lease.command;
        let mut sending = mdm.send(command, &lease.owner, passcode);
        let has_begun = AtomicBool::new(false);
        // Whoever stood still for longer than the lease goes no step further before it is renewed: its owner may have been told
        // what became of the order, which would go out now.
        let sending = poll_fn(|context| {
            let is_held = self.portal.now().0 < held.until.load(Ordering::Relaxed);
            if !is_held {
                return Poll::Pending;
            }
            has_begun.store(true, Ordering::Relaxed);
            sending.as_mut().poll(context)
        });
        match timeout(mdm.promises().at_most, sending).await {
            Ok(Ok(answer)) => self.read(lease, answer),
            Ok(Err(error @ FleetError::Unreachable(_))) => {
                tracing::warn!(%error, command = %command.id.0, "a command was not sent");
                Turn::Pause { seconds: 0, unsent: true }
            }
            Ok(Err(error @ FleetError::Throttled { seconds })) => {
                tracing::warn!(%error, command = %command.id.0, "a command was not sent");
                Turn::Pause { seconds, unsent: true }
            }
            Ok(Err(error @ FleetError::Unclear(_))) => {
                tracing::warn!(%error, command = %command.id.0, "a command may have been sent");
                Turn::to(CommandState::Unknown)
            }
            Err(_) if !has_begun.load(Ordering::Relaxed) => {
                tracing::warn!(command = %command.id.0, "a lease could not be renewed: a command was not sent");
                Turn::Pause { seconds: 0, unsent: true }
            }
            Err(_) => {
                tracing::warn!(command = %command.id.0, "the MDM took too long: a command may have been sent");
                Turn::to(CommandState::Unknown)
            }
        }
    }

    /// What was handed over, or may have been, is asked for and never sent again blindly.
    async fn ask(&self, mdm: &dyn Connector, held: &Held<'_>, now: Timestamp) -> Turn {
        let lease = held.lease;
        let command = &lease.command;
        if mdm.promises().unclear == Unclear::GiveUp && command.state <= CommandState::Unknown {
            return Turn::failed(Failure::Unknown);
        }
        let overdue = now >= command.deadline;
        let abandoned = is_abandoned(command, now);
        match timeout(mdm.promises().at_most, mdm.outcome(command)).await {
            Ok(Ok(Answer::Accepted { .. } | Answer::Waiting | Answer::NeverArrived)) if overdue => {
                give_up(mdm, lease, abandoned).await
            }
            Ok(Ok(Answer::NeverArrived)) => self.not_seen(mdm, held, now).await,
            Ok(Ok(answer)) => self.read(lease, answer),
            _ if abandoned => Turn::failed(Failure::Unknown),
            Ok(Err(FleetError::Throttled { seconds })) => Turn::Pause { seconds, unsent: false },
            Ok(Err(error)) => {
                tracing::warn!(%error, command = %command.id.0, "an outcome could not be asked for");
                Turn::NO_ANSWER
            }
            Err(_) => Turn::NO_ANSWER,
        }
    }

    /// The MDM does not know the command. A message under way may still prove it wrong.
    async fn not_seen(&self, mdm: &dyn Connector, held: &Held<'_>, now: Timestamp) -> Turn {
        let command = &held.lease.command;
        if command.state > CommandState::Unknown {
            // It said that it had it.
            return Turn::AskAgain;
        }
        match mdm.promises().unclear {
            Unclear::SendAgain => self.send_again(mdm, held).await,
            Unclear::Look { seconds } => {
                let sent_at = command.sent_at.unwrap_or(command.created_at);
                let shows = now.seconds_since(sent_at) >= seconds;
                if shows { Turn::failed(Failure::Unknown) } else { Turn::AskAgain }
            }
            // Not asked for at all.
            Unclear::GiveUp => Turn::failed(Failure::Unknown),
        }
    }

    /// The same command, with the same passcode. The one before may have arrived, so that it stays sent.
    async fn send_again(&self, mdm: &dyn Connector, held: &Held<'_>) -> Turn {
        let lease = held.lease;
        match self.passcode_kept(lease) {
            Ok(passcode) => match self.send(mdm, held, passcode.as_ref()).await {
                Turn::Pause { seconds, .. } => Turn::Pause { seconds, unsent: false },
                // Ever less often.
                Turn::Settle { state: CommandState::Unknown, .. } => Turn::NO_ANSWER,
                // Of the one before that says nothing: it may still be carried out.
                Turn::Settle { state: CommandState::Failed, .. } => Turn::failed(Failure::Unknown),
                turn => turn,
            },
            Err(error) => broken(&lease.command, error),
        }
    }

    fn read(&self, lease: &Lease, answer: Answer) -> Turn {
        let turn = match answer {
            Answer::Accepted { handle } => {
                Turn::Settle { state: CommandState::Sent, failure: None, passcode: None, handle }
            }
            Answer::Waiting => Turn::to(CommandState::Waiting),
            Answer::Expired => Turn::to(CommandState::Expired),
            Answer::Failed(failure) => Turn::failed(failure),
            Answer::NeverArrived => Turn::NO_ANSWER,
            Answer::Done { passcode } => Turn::Settle {
                state: CommandState::Done,
                failure: None,
                passcode: passcode.map(|made| self.portal.sealer.seal(lease.command.id.0.as_bytes(), &made)),
                handle: None,
            },
        };
        match turn {
            // An MDM may say "accepted" again after "waiting"; a state never goes back.
            Turn::Settle { state, .. } if !state.is_final() && state <= lease.command.state => Turn::AskAgain,
            turn => turn,
        }
    }

    fn poll_millis(&self, lease: &Lease) -> i64 {
        let mdm = self.portal.fleets.connector(lease.command.device.fleet());
        mdm.map_or(LONGEST_BACKOFF_MILLIS, |mdm| mdm.promises().poll_millis)
    }

    /// A device that has not been heard of for long is asked for less often.
    fn next_look_millis(&self, lease: &Lease) -> i64 {
        let Some(mdm) = self.portal.fleets.connector(lease.command.device.fleet()) else {
            return LONGEST_BACKOFF_MILLIS;
        };
        let promises = mdm.promises();
        let sent_at = lease.command.sent_at.unwrap_or(lease.command.created_at);
        let waited = self.portal.now().millis_since(sent_at);
        (waited / PATIENCE).clamp(promises.poll_millis, promises.slowest_poll_millis)
    }

    /// Ever longer, and not at the same moment for all.
    fn backoff_millis(&self, lease: &Lease) -> i64 {
        let millis = (self.poll_millis(lease) << lease.failures.min(10)).min(LONGEST_BACKOFF_MILLIS);
        let mut chance = [0];
        self.portal.random.fill(&mut chance);
        millis + millis * i64::from(chance[0]) / 1024
    }
}

fn is_abandoned(command: &Command, now: Timestamp) -> bool {
    now >= command.deadline.plus_millis(GRACE_MILLIS)
}

fn broken(command: &Command, error: SealBroken) -> Turn {
    tracing::error!(%error, command = %command.id.0, "a command cannot be sent again");
    Turn::failed(Failure::Unexplained)
}

async fn give_up(mdm: &dyn Connector, lease: &Lease, abandoned: bool) -> Turn {
    match timeout(mdm.promises().at_most, mdm.cancel(&lease.command)).await {
        Ok(Ok(CancelAnswer::Cancelled)) => Turn::to(CommandState::Expired),
        _ if abandoned => Turn::failed(Failure::Unknown),
        // It has reached the device after all: its outcome is on its way.
        Ok(Ok(CancelAnswer::TooLate)) => Turn::AskAgain,
        Ok(Err(_)) | Err(_) => Turn::NO_ANSWER,
    }
}

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;

//! The worker against an MDM that loses messages, and killed between any two of its steps.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use domain::command::{Command, CommandId};
use domain::device::{Device, DeviceId, FleetId};
use domain::fleet::{Fleets, Inventory, LastKnown, Promises};
use domain::live::Signal;
use domain::person::{Actor, Person};
use domain::ports::{Clock, PasscodeState, SessionLimits, Signals, Store};
use proptest::prelude::*;
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::*;
use crate::ending::Stage;
use crate::fakes::{Counting, FakeClock, Nobody};
use crate::seal::FileSealer;
use crate::signals::LocalSignals;
use crate::store::conformance::Story;
use crate::store::sql::SqlStore;

/// What becomes of one message to the MDM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Arrives,
    /// Arrives, and the answer is lost.
    Unanswered,
    /// Is lost on the way, and nobody can tell.
    Lost,
    /// Arrives, and the answer is not there when the program ends.
    Hangs,
    /// The MDM cannot be reached, and that is known.
    Refused,
}

/// Where the program is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crash {
    BeforeSending,
    BeforeTheCall,
    AfterTheCall,
}

struct StandIn {
    fleet: FleetId,
    unclear: Unclear,
    world: Mutex<Mdm>,
}

#[derive(Default)]
struct Mdm {
    /// The next command has to wait once.
    is_busy: bool,
    /// How the coming messages fare; afterwards all arrive.
    fates: Vec<Message>,
    /// What the device was told, in order.
    executed: Vec<(CommandId, Option<String>)>,
    known: HashMap<CommandId, Option<String>>,
    /// How often each command was sent at all.
    sends: usize,
    offline: bool,
    cancelled: bool,
}

impl Mdm {
    fn fate(&mut self) -> Message {
        if self.fates.is_empty() { Message::Arrives } else { self.fates.remove(0) }
    }

    fn state_of(&mut self, command: CommandId) -> Answer {
        let Some(passcode) = self.known.get(&command).cloned() else { return Answer::NeverArrived };
        let done = self.executed.iter().any(|(id, _)| *id == command);
        if self.cancelled && !done {
            return Answer::Expired;
        }
        if self.offline && !done {
            return Answer::Waiting;
        }
        if !done {
            self.executed.push((command, passcode));
        }
        Answer::Done { passcode: None }
    }
}

impl StandIn {
    fn arrive(&self, command: &Command, passcode: Option<&SecretString>) -> Message {
        let mut mdm = self.world.lock().unwrap();
        mdm.sends += 1;
        let fate = mdm.fate();
        if matches!(fate, Message::Arrives | Message::Unanswered | Message::Hangs) {
            let passcode = passcode.map(|passcode| passcode.expose_secret().to_owned());
            if self.unclear != Unclear::SendAgain && mdm.known.contains_key(&command.id) {
                mdm.executed.push((command.id, passcode.clone()));
            }
            mdm.known.entry(command.id).or_insert(passcode);
        }
        fate
    }
}

#[async_trait]
impl Connector for StandIn {
    fn fleet(&self) -> &FleetId {
        &self.fleet
    }

    fn promises(&self) -> Promises {
        let at_most = Duration::from_secs(5);
        Promises {
            unclear: self.unclear,
            cancels: true,
            poll_millis: 500,
            slowest_poll_millis: 500,
            fresh_millis: 0,
            at_most,
        }
    }

    async fn devices_of(&self, _owner: &Person) -> Result<Vec<Device>, FleetError> {
        Ok(Vec::new())
    }

    async fn device_of(&self, _owner: &Person, _id: &DeviceId) -> Result<Option<Device>, FleetError> {
        Ok(None)
    }

    async fn may_begin(&self, _command: &Command) -> Result<(), FleetError> {
        let is_busy = std::mem::take(&mut self.world.lock().unwrap().is_busy);
        if is_busy { Err(FleetError::Unreachable("another reset has just begun".to_owned())) } else { Ok(()) }
    }

    async fn send(
        &self,
        command: &Command,
        _owner: &Person,
        passcode: Option<&SecretString>,
    ) -> Result<Answer, FleetError> {
        let fate = self.arrive(command, passcode);
        match fate {
            Message::Hangs => std::future::pending().await,
            Message::Arrives => Ok(Answer::Accepted { handle: None }),
            Message::Unanswered | Message::Lost => Err(FleetError::Unclear("no answer".to_owned())),
            Message::Refused => Err(FleetError::Unreachable("refused".to_owned())),
        }
    }

    async fn outcome(&self, command: &Command) -> Result<Answer, FleetError> {
        let mut mdm = self.world.lock().unwrap();
        match mdm.fate() {
            Message::Arrives => Ok(mdm.state_of(command.id)),
            Message::Unanswered | Message::Lost | Message::Hangs => {
                Err(FleetError::Unclear("no answer".to_owned()))
            }
            Message::Refused => Err(FleetError::Unreachable("refused".to_owned())),
        }
    }

    async fn cancel(&self, command: &Command) -> Result<CancelAnswer, FleetError> {
        let mut mdm = self.world.lock().unwrap();
        if mdm.executed.iter().any(|(id, _)| *id == command.id) {
            return Ok(CancelAnswer::TooLate);
        }
        mdm.cancelled = true;
        Ok(CancelAnswer::Cancelled)
    }
}

struct OneFleet(Arc<dyn Connector>);

#[async_trait]
impl Fleets for OneFleet {
    async fn inventories(&self, _: &Person) -> Vec<Inventory> {
        Vec::new()
    }

    async fn last_known(&self, _: &Person, _: &DeviceId) -> Result<Option<LastKnown>, FleetError> {
        Ok(None)
    }

    async fn asked(&self, _: &Person, _: &DeviceId) -> Result<Option<Device>, FleetError> {
        Ok(None)
    }

    fn connector(&self, _: &FleetId) -> Option<Arc<dyn Connector>> {
        Some(Arc::clone(&self.0))
    }
}

struct Scene {
    story: Story,
    mdm: Arc<StandIn>,
    worker: Worker,
    actor: Actor,
    phone: Device,
    command: CommandId,
    _folder: TempDir,
}

impl Scene {
    /// Ana has asked for a reset; nothing has been sent.
    async fn new(unclear: Unclear, fates: Vec<Message>) -> Self {
        let folder = TempDir::new().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(SqlStore::in_file(&folder.path().join("portal.db")).await.unwrap());
        let story = Story::new(Arc::clone(&store)).await;
        let mdm = Arc::new(StandIn {
            fleet: FleetId::parse("virtual").unwrap(),
            unclear,
            world: Mutex::new(Mdm { fates, ..Mdm::default() }),
        });
        let random = Arc::new(Counting::new());
        let portal = Portal {
            store,
            fleets: Arc::new(OneFleet(Arc::clone(&mdm) as Arc<dyn Connector>)),
            authenticator: Arc::new(Nobody),
            sealer: Arc::new(
                FileSealer::open(&folder.path().join("seal.key"), None, random.clone()).unwrap(),
            ),
            signals: Arc::new(LocalSignals::new(Arc::clone(&story.clock) as _)),
            clock: Arc::clone(&story.clock) as Arc<dyn Clock>,
            random,
            limits: SessionLimits { idle_seconds: 3600, absolute_seconds: 43_200 },
            window_seconds: 300,
            resets_per_device_and_hour: 20,
        };
        let phone = story.device("phone");
        let actor = story.proven(&phone, 1).await;
        let command = story.submit(&actor, &phone).await.unwrap();
        Self { story, mdm, worker: Worker::new(Arc::new(portal)), actor, phone, command, _folder: folder }
    }

    async fn lease(&self) -> Option<Lease> {
        let now = self.story.now();
        self.story.store.lease(now, now.plus_millis(LEASE_MILLIS), &[]).await.unwrap()
    }

    /// Takes a turn and dies in the middle of it. What it held is free when its lease has run out.
    async fn crash(&self, at: Crash) {
        let lease = self.lease().await.unwrap();
        let passcode = SecretString::from("sent-before-the-crash");
        let sealed = self.worker.portal.sealer.seal(lease.command.id.0.as_bytes(), &passcode);
        if at != Crash::BeforeSending {
            assert!(self.story.store.begin_sending(&lease, Some(&sealed), self.story.now()).await.unwrap());
        }
        if at == Crash::AfterTheCall {
            let _ = self.mdm.send(&lease.command, &lease.owner, Some(&passcode)).await;
        }
        self.story.clock.wait(LEASE_MILLIS);
    }

    /// Until the command has ended. Time passes from one due moment to the next.
    async fn finish(&self) -> CommandState {
        for _ in 0..200 {
            match self.lease().await {
                Some(lease) => self.worker.turn(&lease).await.unwrap(),
                None => match self.story.store.next_due().await.unwrap() {
                    Some(due) => self.story.clock.wait(due.millis_since(self.story.now())),
                    None => return self.state().await,
                },
            }
        }
        panic!("stuck in {:?}", self.state().await);
    }

    async fn turn(&self) {
        let lease = self.lease().await.unwrap();
        self.worker.turn(&lease).await.unwrap();
    }

    async fn state(&self) -> CommandState {
        let store = &self.story.store;
        store.last_command(self.actor.person.id, &self.phone.id).await.unwrap().unwrap().state
    }

    async fn news(&self) -> usize {
        self.story.store.notifications(self.actor.person.id).await.unwrap().len()
    }

    fn executed(&self) -> Vec<(CommandId, Option<String>)> {
        self.mdm.world.lock().unwrap().executed.clone()
    }

    fn sends(&self) -> usize {
        self.mdm.world.lock().unwrap().sends
    }

    /// The passcode that its owner would be shown.
    async fn kept_passcode(&self) -> Option<String> {
        let now = self.story.now();
        let kept = self.story.store.passcode(self.actor.person.id, &self.phone.id, now).await.unwrap()?;
        let PasscodeState::Sealed(sealed) = kept.state else { return None };
        let opened = self.worker.portal.sealer.open(self.command.0.as_bytes(), &sealed).unwrap();
        Some(opened.expose_secret().to_owned())
    }
}

/// Or an outcome of what was there before would be taken for one of this.
#[tokio::test]
async fn what_may_not_begin_yet_is_not_written_down_as_sent() {
    let scene = Scene::new(Unclear::Look { seconds: 60 }, Vec::new()).await;
    scene.mdm.world.lock().unwrap().is_busy = true;
    scene.turn().await;
    let command = scene.story.store.command(scene.command).await.unwrap().unwrap();
    assert_eq!((command.state, command.sent_at, scene.sends()), (CommandState::Queued, None, 0));
    assert_eq!(scene.finish().await, CommandState::Done);
    assert_eq!(scene.sends(), 1);
}

/// Once, for as long as a lease lasts.
struct StandsStill {
    clock: Arc<FakeClock>,
    has_stood: AtomicBool,
}

impl Signals for StandsStill {
    fn send(&self, _: Signal) {
        if !self.has_stood.swap(true, Ordering::Relaxed) {
            self.clock.wait(LEASE_MILLIS);
        }
    }
}

impl Scene {
    /// Its worker stands still between writing down that it sends and sending.
    async fn standing_still(unclear: Unclear) -> (Self, Arc<StandsStill>) {
        let mut scene = Self::new(unclear, Vec::new()).await;
        let clock = Arc::clone(&scene.story.clock);
        let signals = Arc::new(StandsStill { clock, has_stood: AtomicBool::new(false) });
        Arc::get_mut(&mut scene.worker.portal).unwrap().signals = Arc::clone(&signals) as _;
        (scene, signals)
    }
}

/// Another one has asked the MDM meanwhile, and told somebody that nothing is known.
#[tokio::test]
async fn whoever_stood_still_sends_nothing_when_another_has_taken_over() {
    let (scene, signals) = Scene::standing_still(Unclear::GiveUp).await;
    let lease = scene.lease().await.unwrap();
    let another = async {
        while !signals.has_stood.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        let lease = scene.lease().await.unwrap();
        scene.worker.turn(&lease).await.unwrap();
    };
    let (turn, ()) = tokio::join!(scene.worker.turn(&lease), another);
    turn.unwrap();
    assert_eq!((scene.state().await, scene.sends()), (CommandState::Failed, 0));
}

#[tokio::test]
async fn whoever_stood_still_goes_on_when_nobody_has_taken_over() {
    let (scene, _) = Scene::standing_still(Unclear::GiveUp).await;
    scene.turn().await;
    assert_eq!((scene.finish().await, scene.sends()), (CommandState::Done, 1));
}

#[tokio::test]
async fn a_reset_is_carried_out_and_told_once() {
    let scene = Scene::new(Unclear::SendAgain, Vec::new()).await;
    assert_eq!(scene.finish().await, CommandState::Done);
    let executed = scene.executed();
    assert_eq!((executed.len(), scene.sends(), scene.news().await), (1, 1, 1));
    assert!(executed[0].1.is_some());
    assert_eq!(scene.kept_passcode().await, executed[0].1);
}

#[tokio::test]
async fn a_crash_at_any_step_neither_loses_nor_doubles() {
    for crash in [Crash::BeforeSending, Crash::BeforeTheCall, Crash::AfterTheCall] {
        for first in [Message::Arrives, Message::Unanswered, Message::Lost, Message::Refused] {
            let scene = Scene::new(Unclear::SendAgain, vec![first]).await;
            scene.crash(crash).await;
            assert_eq!(scene.finish().await, CommandState::Done, "{crash:?} {first:?}");
            let executed = scene.executed();
            assert_eq!((executed.len(), scene.news().await), (1, 1), "{crash:?} {first:?}");
            assert_eq!(scene.kept_passcode().await, executed[0].1, "{crash:?} {first:?}");
        }
    }
}

#[tokio::test]
async fn an_mdm_that_does_not_deduplicate_is_never_sent_to_twice() {
    let crashes = [Crash::BeforeTheCall, Crash::AfterTheCall];
    let promises = [Unclear::Look { seconds: 10 }, Unclear::GiveUp];
    for (crash, unclear) in crashes.into_iter().flat_map(|crash| promises.map(|unclear| (crash, unclear))) {
        for first in [Message::Arrives, Message::Unanswered, Message::Lost] {
            let scene = Scene::new(unclear, vec![first]).await;
            scene.crash(crash).await;
            let state = scene.finish().await;
            assert!(scene.sends() <= 1, "{crash:?} {first:?}");
            let seen = state == CommandState::Done;
            let happened = !scene.mdm.world.lock().unwrap().known.is_empty();
            // Whoever cannot look does not know, and says so.
            assert_eq!(seen, happened && unclear != Unclear::GiveUp, "{crash:?} {first:?}");
            let command = scene.story.store.command(scene.command).await.unwrap().unwrap();
            assert!(seen || command.failure == Some(Failure::Unknown), "{crash:?} {first:?}");
            assert_eq!(scene.news().await, 1, "the person is told either way");
        }
    }
}

#[tokio::test]
async fn what_an_mdm_has_not_answered_at_the_end_is_due_at_once_and_not_sent_blindly() {
    for unclear in [Unclear::SendAgain, Unclear::Look { seconds: 10 }, Unclear::GiveUp] {
        let mut scene = Scene::new(unclear, vec![Message::Hangs]).await;
        let (stop, stopping) = watch::channel(Stage::Serving);
        let worker = Arc::new(Worker::new(Arc::clone(&scene.worker.portal)));
        let (_hint, hints) = broadcast::channel(1);
        let running = tokio::spawn(Arc::clone(&worker).run(hints, stopping));
        while scene.sends() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // What comes now is for others.
        stop.send_replace(Stage::Leaving);
        let other = scene.story.device("another");
        let actor = scene.story.proven(&other, 2).await;
        scene.story.submit(&actor, &other).await.unwrap();
        worker.let_go.send_replace(true);
        running.await.unwrap();

        let held = scene.story.store.command(scene.command).await.unwrap().unwrap();
        assert_eq!((held.state, held.sent_at.is_some()), (CommandState::Sending, true), "{unclear:?}");
        let (first, second) = (scene.lease().await.unwrap(), scene.lease().await.unwrap());
        let mut leases = [first, second].map(|lease| (lease.command.id == scene.command, lease.fence));
        leases.sort_unstable();
        assert_eq!(leases, [(false, 1), (true, 2)], "{unclear:?}: both are due, and one was never taken");

        scene.worker = Worker::new(Arc::clone(&scene.worker.portal));
        scene.story.clock.wait(LEASE_MILLIS);
        scene.finish().await;
        let sends = if unclear == Unclear::SendAgain { 1..=2 } else { 1..=1 };
        let executed = scene.executed();
        let of_it = executed.iter().filter(|(id, _)| *id == scene.command).count();
        assert!(sends.contains(&(scene.sends() - 1)), "{unclear:?}: {} orders", scene.sends());
        assert!(of_it <= 1, "{unclear:?}: {of_it} times");
    }
}

#[tokio::test]
async fn a_device_that_stays_away_expires_and_is_not_reset_afterwards() {
    let scene = Scene::new(Unclear::SendAgain, Vec::new()).await;
    scene.mdm.world.lock().unwrap().offline = true;
    scene.turn().await;
    scene.story.clock.wait(500);
    scene.turn().await;
    assert_eq!(scene.state().await, CommandState::Waiting);
    scene.story.clock.wait(7 * 24 * 3_600_000);
    assert_eq!(scene.finish().await, CommandState::Expired);
    scene.mdm.world.lock().unwrap().offline = false;
    assert!(matches!(scene.mdm.world.lock().unwrap().state_of(scene.command), Answer::Expired));
    assert_eq!((scene.executed().len(), scene.news().await), (0, 1));
    assert_eq!(scene.kept_passcode().await, None);
}

#[tokio::test]
async fn an_mdm_that_stays_silent_past_the_deadline_is_given_up() {
    let scene = Scene::new(Unclear::SendAgain, vec![Message::Lost; 1000]).await;
    scene.turn().await;
    scene.story.clock.wait(7 * 24 * 3_600_000 + GRACE_MILLIS);
    assert_eq!(scene.finish().await, CommandState::Failed);
    assert_eq!(scene.news().await, 1);
}

#[tokio::test]
async fn a_silent_mdm_is_asked_ever_less_often() {
    let scene = Scene::new(Unclear::SendAgain, vec![Message::Refused; 100]).await;
    let mut waits = Vec::new();
    for _ in 0..9 {
        scene.turn().await;
        let due = scene.story.store.next_due().await.unwrap().unwrap();
        waits.push(due.millis_since(scene.story.now()));
        scene.story.clock.wait(*waits.last().unwrap());
    }
    let expected = [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000];
    for (wait, least) in waits.into_iter().zip(expected) {
        assert!((least..least + least / 4 + 1).contains(&wait), "{wait} is not about {least}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_lost_a_reset_happens_once(
        fates in prop::collection::vec(
            prop::sample::select(vec![Message::Arrives, Message::Unanswered, Message::Lost, Message::Refused]), 0..12),
        crash in prop::option::of(
            prop::sample::select(vec![Crash::BeforeSending, Crash::BeforeTheCall, Crash::AfterTheCall])),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let scene = Scene::new(Unclear::SendAgain, fates).await;
            if let Some(crash) = crash {
                scene.crash(crash).await;
            }
            assert_eq!(scene.finish().await, CommandState::Done);
            let executed = scene.executed();
            assert_eq!((executed.len(), scene.news().await), (1, 1));
            assert_eq!(scene.kept_passcode().await, executed[0].1);
        });
    }
}

use std::sync::atomic::AtomicUsize;

use domain::command::Command;
use domain::device::{Capability, Platform};
use domain::fleet::{Answer, CancelAnswer, Promises, Unclear};
use domain::passcode::{Maker, PasscodePolicy};
use secrecy::SecretString;

use super::*;
use crate::fakes::{FakeClock, person};
use crate::signals::LocalSignals;

/// Answers as slowly as it is told to, or not at all.
struct StandIn {
    fleet: FleetId,
    takes: Mutex<Duration>,
    is_dead: AtomicBool,
    asked: AtomicUsize,
    name: Mutex<String>,
}

impl StandIn {
    fn new(fleet: &str) -> Arc<Self> {
        Arc::new(Self {
            fleet: FleetId::parse(fleet).unwrap(),
            takes: Mutex::new(Duration::from_millis(20)),
            is_dead: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
            name: Mutex::new("a phone".to_owned()),
        })
    }

    fn takes(&self, millis: u64) {
        *self.takes.lock().unwrap() = Duration::from_millis(millis);
    }
}

#[async_trait]
impl Connector for StandIn {
    fn fleet(&self) -> &FleetId {
        &self.fleet
    }

    fn promises(&self) -> Promises {
        Promises {
            unclear: Unclear::GiveUp,
            cancels: false,
            poll_millis: 1,
            slowest_poll_millis: 1,
            fresh_millis: 2_000,
            at_most: Duration::from_secs(40),
        }
    }

    async fn devices_of(&self, _: &Person) -> Result<Vec<Device>, FleetError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let takes = *self.takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        if self.is_dead.load(Ordering::Relaxed) {
            return Err(FleetError::Unreachable("it is dead".to_owned()));
        }
        Ok(vec![Device {
            id: DeviceId::new(&self.fleet, "1").unwrap(),
            name: self.name.lock().unwrap().clone(),
            model: String::new(),
            system: String::new(),
            platform: Platform::Ios,
            last_seen: Timestamp(0),
            online: true,
            policy: PasscodePolicy { min_length: 0, maker: Maker::Nobody },
            reset: Capability::Possible,
        }])
    }

    async fn device_of(&self, _: &Person, _: &DeviceId) -> Result<Option<Device>, FleetError> {
        Ok(None)
    }

    async fn send(&self, _: &Command, _: &Person, _: Option<&SecretString>) -> Result<Answer, FleetError> {
        Ok(Answer::NeverArrived)
    }

    async fn outcome(&self, _: &Command) -> Result<Answer, FleetError> {
        Ok(Answer::NeverArrived)
    }

    async fn cancel(&self, _: &Command) -> Result<CancelAnswer, FleetError> {
        Ok(CancelAnswer::TooLate)
    }
}

struct Scene {
    slow: Arc<StandIn>,
    healthy: Arc<StandIn>,
    clock: Arc<FakeClock>,
    signals: Arc<LocalSignals>,
    directory: Directory,
}

impl Scene {
    fn new() -> Self {
        let (slow, healthy) = (StandIn::new("slow"), StandIn::new("healthy"));
        let clock = Arc::new(FakeClock::new());
        let signals = Arc::new(LocalSignals::new(Arc::clone(&clock) as _));
        let mdms =
            [&slow, &healthy].map(|mdm| (mdm.fleet.to_string(), Arc::clone(mdm) as Arc<dyn Connector>));
        let (told, read): (Arc<dyn Signals>, Arc<dyn Clock>) = (signals.clone(), clock.clone());
        let directory = Directory::new(mdms.into(), &read, &told);
        Self { slow, healthy, clock, signals, directory }
    }

    /// What Ana sees: how many devices of each MDM, whether it is old, whether it is silent; and how long that took.
    async fn look(&self, name: &str) -> ([(usize, bool, bool); 2], u128) {
        self.clock.wait(LATELY_MILLIS + 1_000);
        let began = Instant::now();
        let seen = self.directory.inventories(&person(name)).await;
        let seen = seen.iter().map(|one| (one.devices.len(), one.as_of.is_some(), one.silent));
        (seen.collect::<Vec<_>>().try_into().unwrap(), began.elapsed().as_millis())
    }
}

const NOW: (usize, bool, bool) = (1, false, false);
const OLD: (usize, bool, bool) = (1, true, false);
const SILENT: (usize, bool, bool) = (0, false, true);

#[tokio::test(start_paused = true)]
async fn an_mdm_that_becomes_slow_is_waited_for_once() {
    let scene = Scene::new();
    assert_eq!(scene.look("ana").await.0, [NOW, NOW]);
    scene.slow.takes(30_000);
    let (seen, millis) = scene.look("ana").await;
    assert_eq!(seen, [OLD, NOW]);
    assert!((1_000..1_100).contains(&millis), "{millis}");
    for _ in 0..50 {
        let (seen, millis) = scene.look("ana").await;
        assert_eq!(seen, [OLD, NOW]);
        assert!(millis < 50, "{millis}");
    }
    assert_eq!(scene.slow.asked.load(Ordering::Relaxed), 2, "nobody asks it again while it is asked");
    // Whoever is not known yet waits no longer either, and is told so.
    let (seen, millis) = scene.look("ben").await;
    assert_eq!(seen, [SILENT, NOW]);
    assert!(millis < 1_100, "{millis}");
}

#[tokio::test(start_paused = true)]
async fn what_was_said_lately_is_shown_at_once() {
    let scene = Scene::new();
    scene.look("ana").await;
    scene.slow.takes(30_000);
    *scene.healthy.name.lock().unwrap() = "renamed".to_owned();
    scene.clock.wait(LATELY_MILLIS - 1_000);
    let (began, drawn) = (Instant::now(), scene.clock.now());
    let seen = scene.directory.inventories(&person("ana")).await;
    assert!(seen.iter().all(|one| one.as_of.is_none() && one.devices.len() == 1));
    assert!(began.elapsed() < Duration::from_millis(50));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(
        scene.signals.changed_since(person("ana").id, drawn),
        "what is otherwise now is told to open pages"
    );
    // It is asked anew, and overdue by the time that what it said is no longer late news: nobody waits then either.
    let (seen, millis) = scene.look("ana").await;
    assert_eq!((seen, millis < 50), ([OLD, NOW], true));
    assert_eq!(scene.slow.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn what_comes_late_is_told_to_open_pages() {
    let scene = Scene::new();
    scene.look("ana").await;
    scene.slow.takes(30_000);
    *scene.slow.name.lock().unwrap() = "renamed".to_owned();
    scene.look("ana").await;
    let drawn = scene.clock.now();
    scene.clock.wait(1);
    assert!(!scene.signals.changed_since(person("ana").id, drawn.plus_millis(1)));
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert!(scene.signals.changed_since(person("ana").id, drawn));
    let seen = scene.directory.inventories(&person("ana")).await;
    assert_eq!((seen[0].devices[0].name.as_str(), seen[0].as_of), ("renamed", None));
}

#[tokio::test(start_paused = true)]
async fn an_mdm_that_is_dead_is_shown_as_it_was_and_comes_back() {
    let scene = Scene::new();
    scene.look("ana").await;
    let known = scene.clock.now();
    scene.slow.is_dead.store(true, Ordering::Relaxed);
    assert_eq!(scene.look("ana").await.0, [OLD, NOW]);
    let seen = scene.directory.inventories(&person("ana")).await;
    assert_eq!(seen[0].as_of, Some(known), "with its age");
    let last = scene.directory.last_known(&person("ana"), &seen[0].devices[0].id).await.unwrap().unwrap();
    assert_eq!(last.as_of, Some(known));
    scene.slow.is_dead.store(false, Ordering::Relaxed);
    scene.look("ana").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.look("ana").await.0, [NOW, NOW]);
}

#[tokio::test(start_paused = true)]
async fn of_an_mdm_that_never_spoke_nothing_is_known() {
    let scene = Scene::new();
    scene.slow.is_dead.store(true, Ordering::Relaxed);
    assert_eq!(scene.look("ana").await.0, [SILENT, NOW]);
    let phone = DeviceId::new(&scene.slow.fleet, "1").unwrap();
    assert!(scene.directory.last_known(&person("ana"), &phone).await.is_err());
    let nobodys = DeviceId::new(&FleetId::parse("another").unwrap(), "1").unwrap();
    assert!(scene.directory.last_known(&person("ana"), &nobodys).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn many_pages_at_once_ask_once() {
    let scene = Arc::new(Scene::new());
    let mut pages = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let scene = Arc::clone(&scene);
        pages.spawn(async move { scene.directory.inventories(&person("ana")).await.len() });
    }
    pages.join_all().await;
    assert_eq!(scene.healthy.asked.load(Ordering::Relaxed), 1);
    // What was said a moment ago is what would be said now.
    scene.clock.wait(1_000);
    scene.directory.inventories(&person("ana")).await;
    assert_eq!(scene.healthy.asked.load(Ordering::Relaxed), 1);
}

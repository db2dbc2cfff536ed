//! The four MDMs that organisations run, each as its documents describe it.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::device::{DeviceId, Platform, WhyNot};
use domain::fleet::Connector;
use domain::passcode::{Maker, PasscodePolicy};
use domain::ports::{Clock, Randomness, Sealer};
use stand_ins::{Fault, Kind, Phone, Ready, Setup, StandIn, System};
use tempfile::TempDir;

use super::{Outside, Trouble, whole_story};
use crate::config::Config;
use crate::fakes::{Counting, FakeClock};
use crate::fleet::nanomdm::enrolments::Enrolments;
use crate::fleet::{Mdm, Means, configured};
use crate::seal::FileSealer;
use crate::store::sql::SqlStore;

const ANA: &str = "ana@example.org";
const BEN: &str = "ben@example.org";
/// More than fit on one page of any of them.
const MORE: usize = 4;

pub struct World {
    pub mdm: StandIn,
    connector: Arc<dyn Mdm>,
    clock: Arc<FakeClock>,
    system: System,
    _folder: TempDir,
}

impl World {
    pub async fn new(kind: Kind, system: System) -> Self {
        let clock = Arc::new(FakeClock::new());
        let told = Arc::clone(&clock);
        let webhook = Some(("http://127.0.0.1:9/".to_owned(), "a webhook's secret of the tests".to_owned()));
        let mdm = StandIn::start(kind, Setup { clock: Arc::new(move || told.now().0), webhook }).await;
        // Until somebody listens.
        mdm.hold_events(true);
        let folder = TempDir::new().unwrap();
        let connector = connector(&mdm, &clock, &folder).await;
        let world = Self { mdm, connector, clock, system, _folder: folder };
        world.add("1", system, Ready::Yes);
        let (number, system, ready) = world.unready_phone();
        world.add(number, system, ready);
        for number in 3..3 + MORE {
            world.add(&number.to_string(), world.system, Ready::Yes);
        }
        world.mdm.add(Phone::new("77", "Ben's", world.system, BEN));
        world
    }

    fn add(&self, number: &str, system: System, ready: Ready) {
        self.mdm.add(Phone::new(number, format!("Ana's {number}"), system, ANA).ready(ready));
    }

    /// What each of them knows of before.
    fn unready_phone(&self) -> (&'static str, System, Ready) {
        match self.mdm.kind() {
            Kind::NanoMdm => ("2", System::Ios, Ready::NoToken),
            Kind::Android => ("2", System::Android, Ready::NoToken),
            Kind::Intune | Kind::Fleet => ("2", System::Ios, Ready::Personal),
        }
    }
}

/// As an operator sets it up.
pub async fn connector(mdm: &StandIn, clock: &Arc<FakeClock>, folder: &TempDir) -> Arc<dyn Mdm> {
    let id = mdm.kind().name();
    let prefix = format!("LATCHKEY_FLEET__{}__", id.to_uppercase());
    let mut environment: HashMap<String, String> = mdm
        .settings()
        .into_iter()
        .chain([("kind", id.to_owned()), ("timeout_seconds", "1".to_owned())])
        .map(|(key, value)| (format!("{prefix}{}", key.to_uppercase()), value))
        .collect();
    for number in 1..10 {
        environment.insert(format!("LATCHKEY_OWNER__{number}__PERSON"), ANA.to_owned());
        environment.insert(format!("LATCHKEY_OWNER__{number}__SERIAL"), format!("S-{number}"));
    }
    let config = Config::of_environment(environment).unwrap();
    let store = Arc::new(SqlStore::in_file(&folder.path().join("mdm.db")).await.unwrap());
    let random: Arc<dyn Randomness> = Arc::new(Counting::new());
    let key = folder.path().join("mdm.key");
    let sealer: Arc<dyn Sealer> = Arc::new(FileSealer::open(&key, None, Arc::clone(&random)).unwrap());
    let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
    let enrolments: Arc<dyn Enrolments> = store;
    let means = Means { clock: &clock, random: &random, sealer: &sealer, enrolments: &enrolments };
    configured(&config, &means).unwrap().remove(0)
}

#[async_trait]
impl Outside for World {
    fn connector(&self) -> Arc<dyn Connector> {
        Arc::clone(&self.connector) as _
    }

    fn clock(&self) -> Arc<FakeClock> {
        Arc::clone(&self.clock)
    }

    fn device(&self) -> DeviceId {
        DeviceId::new(self.connector.fleet(), "1").unwrap()
    }

    fn unready(&self) -> (DeviceId, WhyNot) {
        let why = match self.mdm.kind() {
            Kind::Intune | Kind::Fleet => WhyNot::PersonalEnrolment,
            Kind::NanoMdm => WhyNot::NoUnlockToken,
            Kind::Android => WhyNot::InactiveToken,
        };
        (DeviceId::new(self.connector.fleet(), "2").unwrap(), why)
    }

    fn count(&self) -> usize {
        2 + MORE
    }

    fn policy(&self) -> (Platform, PasscodePolicy) {
        let platform = match self.system {
            System::Android => Platform::Android,
            System::Ios => Platform::Ios,
            System::MacOs => Platform::MacOs,
            System::Windows => Platform::Windows,
            System::Windows10Mobile => Platform::Windows10Mobile,
            System::WindowsPhone81 => Platform::WindowsPhone81,
        };
        let (min_length, maker) = match self.mdm.kind() {
            Kind::Intune => (0, Maker::Mdm),
            Kind::Android => (9, Maker::Portal),
            Kind::NanoMdm | Kind::Fleet => (0, Maker::Nobody),
        };
        (platform, PasscodePolicy { min_length, maker })
    }

    async fn pass(&self) {
        self.mdm.advance().await;
    }

    async fn set_online(&self, device: &DeviceId, online: bool) {
        self.mdm.set_online(device.external(), online);
    }

    async fn retire(&self, device: &DeviceId) {
        self.mdm.retire(device.external());
    }

    async fn give_to_ben(&self, device: &DeviceId) {
        if self.mdm.kind() == Kind::NanoMdm {
            // It knows nobody: the serial number that it has now is one of nobody's.
            self.mdm.change_serial(device.external(), "S-of-ben");
            self.mdm.advance().await;
        } else {
            self.mdm.give_to(device.external(), BEN);
        }
    }

    async fn executions(&self, device: &DeviceId) -> Vec<Option<String>> {
        let executions = self.mdm.executions(device.external());
        executions.into_iter().map(|execution| execution.passcode).collect()
    }

    async fn opens(&self, device: &DeviceId, passcode: Option<&str>) -> bool {
        self.mdm.opens(device.external(), passcode)
    }

    fn suffer(&self, trouble: Trouble) -> bool {
        let order = match self.mdm.kind() {
            Kind::Intune => "resetPasscode",
            Kind::NanoMdm => "/v1/enqueue",
            Kind::Android => ":issueCommand",
            Kind::Fleet => "clear_passcode",
        };
        let always = usize::MAX;
        match trouble {
            Trouble::Throttled { seconds } => self.mdm.suffer(Fault::Throttle { retry_after: seconds }, 1),
            Trouble::Dead => self.mdm.suffer(Fault::Cut, always),
            Trouble::AnswerLost => self.mdm.suffer_on(order, Fault::CutAfter, 1),
            Trouble::AnswerLate(late) => self.mdm.suffer_on(order, Fault::SlowAfter(late), 1),
            Trouble::OrderFails => self.mdm.suffer_on(order, Fault::Status(503), 1),
            Trouble::Html => self.mdm.suffer(Fault::Html, always),
            Trouble::Huge => self.mdm.suffer(Fault::Huge, always),
            Trouble::Redirected => {
                self.mdm.suffer(Fault::Redirect(format!("{}/elsewhere", self.mdm.url)), always);
            }
            Trouble::AnotherDevice => self.mdm.suffer(Fault::AnotherDevice, always),
            Trouble::HalfJson => self.mdm.suffer(Fault::HalfJson, always),
        }
        true
    }

    fn recover(&self) {
        self.mdm.recover();
    }

    fn device_refuses(&self) -> bool {
        self.mdm.device_refuses("1", true);
        true
    }

    fn tell(&self, address: &str) {
        if self.mdm.kind() == Kind::NanoMdm {
            self.mdm.webhook_to(address);
            self.mdm.hold_events(false);
        }
    }

    async fn repeat(&self) {
        if self.mdm.kind() == Kind::NanoMdm {
            self.mdm.repeat_events().await;
        }
    }
}

#[tokio::test]
async fn intune_conforms() {
    whole_story(async || World::new(Kind::Intune, System::Android).await).await;
}

#[tokio::test]
async fn intune_conforms_with_an_iphone() {
    whole_story(async || World::new(Kind::Intune, System::Ios).await).await;
}

#[tokio::test]
async fn intune_conforms_with_the_older_phones_of_windows() {
    for system in [System::Windows10Mobile, System::WindowsPhone81] {
        whole_story(async || World::new(Kind::Intune, system).await).await;
    }
}

#[tokio::test]
async fn nanomdm_conforms() {
    whole_story(async || World::new(Kind::NanoMdm, System::Ios).await).await;
}

#[tokio::test]
async fn android_management_conforms() {
    whole_story(async || World::new(Kind::Android, System::Android).await).await;
}

#[tokio::test]
async fn fleet_conforms() {
    whole_story(async || World::new(Kind::Fleet, System::Ios).await).await;
}

#[tokio::test]
async fn fleet_conforms_with_an_android_phone() {
    whole_story(async || World::new(Kind::Fleet, System::Android).await).await;
}

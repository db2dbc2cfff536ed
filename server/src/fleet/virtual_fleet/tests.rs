//! The world the tests move by hand, and the conformance story in it.

use std::path::PathBuf;

use async_trait::async_trait;
use domain::command::{COMMAND_SECONDS, Command, CommandId, CommandKind, CommandState};
use domain::device::{Device, DeviceId, Platform, WhyNot};
use domain::fleet::{Answer, CancelAnswer, Connector};
use domain::passcode::{Maker, PasscodePolicy};
use domain::phone::{Hands, Phone, Unlocking};
use secrecy::SecretString;
use tempfile::TempDir;

use super::*;
use crate::fakes::{Counting, FakeClock, new_id, person};
use crate::fleet::conformance::{Outside, whole_story};

#[tokio::test]
async fn the_virtual_fleet_conforms() {
    whole_story(World::new).await;
}

pub struct World {
    pub fleet: Arc<VirtualFleet>,
    clock: Arc<FakeClock>,
    random: Arc<Counting>,
    path: PathBuf,
    /// Ana's devices.
    ids: Vec<DeviceId>,
    _folder: TempDir,
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fleet.db");
        let clock = Arc::new(FakeClock::new());
        let random = Arc::new(Counting::new());
        let fleet = VirtualFleet::open(&path, clock.clone(), random.clone(), &people()).await.unwrap();
        let devices = fleet.devices_of(&person("ana")).await.unwrap();
        let ids = devices.into_iter().map(|device| device.id).collect();
        Self { fleet, clock, random, path, ids, _folder: folder }
    }

    /// The program ends and starts again; its file is what is left.
    pub async fn restart(self) -> Self {
        self.fleet.database.reads.close().await;
        self.fleet.database.writes.close().await;
        let fleet =
            VirtualFleet::open(&self.path, self.clock.clone(), self.random.clone(), &people()).await.unwrap();
        Self { fleet, ..self }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn wait(&self, seconds: i64) {
        self.clock.wait(seconds * 1000);
        self.pass().await;
    }

    pub async fn executions_of(&self, command: CommandId) -> usize {
        self.journal(command).await.iter().filter(|event| *event == "executed").count()
    }

    pub async fn device(&self, name: &str) -> Device {
        let devices = self.fleet.devices_of(&person("ana")).await.unwrap();
        devices.into_iter().find(|device| device.name == name).unwrap()
    }

    pub async fn phone(&self, name: &str) -> Phone {
        let phones = self.fleet.phones().await.unwrap();
        phones.into_iter().find(|phone| phone.name == name).unwrap()
    }

    pub async fn journal(&self, command: CommandId) -> Vec<String> {
        sqlx::query_scalar("SELECT event FROM journal WHERE command = ? ORDER BY seq")
            .bind(command.0)
            .fetch_all(&self.fleet.database.reads)
            .await
            .unwrap()
    }

    /// The whole of what the database holds on disk.
    pub fn on_disk(&self) -> Vec<u8> {
        ["", "-wal"]
            .iter()
            .flat_map(|suffix| {
                let mut path = self.path.clone().into_os_string();
                path.push(suffix);
                std::fs::read(path).unwrap_or_default()
            })
            .collect()
    }
}

#[async_trait]
impl Outside for World {
    fn connector(&self) -> Arc<dyn Connector> {
        Arc::clone(&self.fleet) as _
    }

    fn clock(&self) -> Arc<FakeClock> {
        Arc::clone(&self.clock)
    }

    fn device(&self) -> DeviceId {
        self.ids[0].clone()
    }

    fn unready(&self) -> (DeviceId, WhyNot) {
        (self.ids[4].clone(), WhyNot::PlatformCannot)
    }

    fn policy(&self) -> (Platform, PasscodePolicy) {
        (Platform::Android, PasscodePolicy { min_length: 6, maker: Maker::Portal })
    }

    fn count(&self) -> usize {
        6
    }

    async fn pass(&self) {
        self.fleet.pass(self.clock.now()).await.unwrap();
    }

    async fn set_online(&self, device: &DeviceId, online: bool) {
        self.fleet.set_online(device, online).await.unwrap();
    }

    async fn retire(&self, device: &DeviceId) {
        self.fleet.retire(device).await.unwrap();
    }

    async fn give_to_ben(&self, device: &DeviceId) {
        self.fleet.give_to(device, "ben").await.unwrap();
    }

    async fn executions(&self, device: &DeviceId) -> Vec<Option<String>> {
        let executed: i64 =
            sqlx::query_scalar("SELECT count(*) FROM journal WHERE phone = ? AND event = 'executed'")
                .bind(device.external())
                .fetch_one(&self.fleet.database.reads)
                .await
                .unwrap();
        // Of passcodes it keeps hashes alone.
        vec![None; usize::try_from(executed).unwrap()]
    }

    async fn opens(&self, device: &DeviceId, passcode: Option<&str>) -> bool {
        let typed = passcode.unwrap_or_default().into();
        self.fleet.unlock(device, &typed).await.unwrap() == Unlocking::Unlocked
    }
}

/// A reset as the worker would have it.
pub fn reset(world: &World, device: &Device) -> Command {
    Command {
        id: CommandId(new_id()),
        kind: CommandKind::ResetPasscode,
        person: person("ana").id,
        device: device.id.clone(),
        device_name: device.name.clone(),
        platform: device.platform,
        policy: device.policy,
        state: CommandState::Sending,
        failure: None,
        created_at: world.now(),
        deadline: world.now().plus_seconds(COMMAND_SECONDS),
        sent_at: None,
        handle: None,
    }
}

pub async fn send(world: &World, command: &Command) -> Answer {
    world.fleet.send(command, &person("ana"), Some(&passcode())).await.unwrap()
}

pub async fn outcome(world: &World, command: &Command) -> Answer {
    world.fleet.outcome(command).await.unwrap()
}

pub async fn cancel(world: &World, command: &Command) -> CancelAnswer {
    world.fleet.cancel(command).await.unwrap()
}

pub fn passcode() -> SecretString {
    "k7Rmwq3x".into()
}

fn people() -> [Person; 2] {
    [person("ana"), person("ben")]
}

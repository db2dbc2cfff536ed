//! The world the tests move by hand, and the conformance story in it.

use std::path::PathBuf;

use async_trait::async_trait;
use domain::command::CommandId;
use domain::device::{Device, DeviceId};
use domain::phone::{Hands, Phone};
use domain::ports::Connector;
use tempfile::TempDir;

use super::*;
use crate::fakes::{Counting, FakeClock, person};
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
    _folder: TempDir,
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fleet.db");
        let clock = Arc::new(FakeClock::new());
        let random = Arc::new(Counting::new());
        let fleet = VirtualFleet::open(&path, clock.clone(), random.clone(), &people()).await.unwrap();
        Self { fleet, clock, random, path, _folder: folder }
    }

    /// The program ends and starts again; its file is what is left.
    pub async fn restart(self) -> Self {
        self.fleet.database.reads.close().await;
        self.fleet.database.writes.close().await;
        let fleet =
            VirtualFleet::open(&self.path, self.clock.clone(), self.random.clone(), &people()).await.unwrap();
        Self { fleet, ..self }
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
    fn connector(&self) -> &dyn Connector {
        &*self.fleet
    }

    fn owner(&self) -> Person {
        person("ana")
    }

    fn stranger(&self) -> Person {
        person("ben")
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn wait(&self, seconds: i64) {
        self.clock.wait(seconds * 1000);
        self.fleet.pass(self.clock.now()).await.unwrap();
    }

    async fn set_online(&self, device: &DeviceId, online: bool) {
        self.fleet.set_online(device, online).await.unwrap();
    }

    async fn retire(&self, device: &DeviceId) {
        self.fleet.retire(device).await.unwrap();
    }

    async fn give_to_stranger(&self, device: &DeviceId) {
        self.fleet.give_to(device, "ben").await.unwrap();
    }

    async fn executions(&self, command: CommandId) -> usize {
        self.journal(command).await.iter().filter(|event| *event == "executed").count()
    }
}

fn people() -> [Person; 2] {
    [person("ana"), person("ben")]
}

//! The devices of the demo organisation.

use domain::device::Platform;
use domain::person::Person;
use domain::ports::StoreError;
use secrecy::SecretString;
use uuid::Uuid;

use super::{VirtualFleet, hashes};
use crate::database::sqlite::Tx;
use crate::store::names::Named;

struct Seed {
    owner: &'static str,
    name: &'static str,
    model: &'static str,
    system: &'static str,
    platform: Platform,
    min_length: u8,
}

const SEEDS: [Seed; 8] = [
    Seed {
        owner: "ana",
        name: "Ana's Galaxy",
        model: "Samsung Galaxy S24",
        system: "Android 15",
        platform: Platform::Android,
        min_length: 8,
    },
    Seed {
        owner: "ana",
        name: "Ana's iPhone",
        model: "iPhone 15",
        system: "iOS 18.5",
        platform: Platform::Ios,
        min_length: 6,
    },
    Seed {
        owner: "ana",
        name: "Ana's Lumia 950",
        model: "Microsoft Lumia 950",
        system: "Windows 10 Mobile 1709",
        platform: Platform::Windows10Mobile,
        min_length: 8,
    },
    Seed {
        owner: "ana",
        name: "Ana's Lumia 635",
        model: "Nokia Lumia 635",
        system: "Windows Phone 8.1",
        platform: Platform::WindowsPhone81,
        min_length: 6,
    },
    Seed {
        owner: "ana",
        name: "Ana's MacBook",
        model: "MacBook Air",
        system: "macOS 15.5",
        platform: Platform::MacOs,
        min_length: 8,
    },
    Seed {
        owner: "ana",
        name: "Ana's Surface",
        model: "Surface Laptop 6",
        system: "Windows 11 24H2",
        platform: Platform::Windows,
        min_length: 8,
    },
    Seed {
        owner: "ben",
        name: "Ben's Pixel",
        model: "Google Pixel 9",
        system: "Android 16",
        platform: Platform::Android,
        min_length: 6,
    },
    Seed {
        owner: "ben",
        name: "Ben's iPhone",
        model: "iPhone SE",
        system: "iOS 18.5",
        platform: Platform::Ios,
        min_length: 6,
    },
];

impl VirtualFleet {
    /// People are made known at every start, devices at the first alone: what happened to them since is kept.
    pub(super) async fn seed(&self, owners: &[Person]) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        for owner in owners {
            know(&mut tx, owner).await?;
        }
        let first_start: bool =
            sqlx::query_scalar("SELECT NOT EXISTS (SELECT 1 FROM phones)").fetch_one(&mut *tx).await?;
        let known = |seed: &&Seed| first_start && owners.iter().any(|owner| owner.user_name == seed.owner);
        for seed in SEEDS.iter().filter(known) {
            self.make(&mut tx, seed).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn make(&self, tx: &mut Tx, seed: &Seed) -> Result<(), StoreError> {
        let hash = hashes::hash(&self.random, self.forgotten_passcode()).await?;
        sqlx::query(
            "INSERT INTO phones
                 (id, name, model, system, platform, min_length, owner, passcode_hash, locked, online, last_seen)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, 1, ?)",
        )
        .bind(self.draw_id())
        .bind(seed.name)
        .bind(seed.model)
        .bind(seed.system)
        .bind(seed.platform.name())
        .bind(seed.min_length)
        .bind(seed.owner)
        .bind(hash)
        .bind(self.clock.now().0)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    fn draw_id(&self) -> String {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid().simple().to_string()
    }

    /// 128 bits that nobody keeps.
    fn forgotten_passcode(&self) -> SecretString {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes);
        Uuid::from_bytes(bytes).simple().to_string().into()
    }
}

async fn know(tx: &mut Tx, person: &Person) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO people (user_name, name, email) VALUES (?, ?, ?)
         ON CONFLICT (user_name) DO UPDATE SET name = excluded.name, email = excluded.email",
    )
    .bind(&person.user_name)
    .bind(&person.name)
    .bind(&person.email)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

//! The demo organisation: three people, a virtual fleet, and everything else as in earnest.

use std::fmt::Display;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use app::site::{Contact, Site};
use domain::person::{Person, PersonId};
use domain::portal::Portal;
use domain::ports::{Authenticator, Clock, Connector, Randomness, SessionLimits, Store, StoreError};
use secrecy::SecretString;
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::cli::Demo;
use crate::clock::ServerClock;
use crate::fleet::virtual_fleet::VirtualFleet;
use crate::host::Host;
use crate::http::{self, Pages};
use crate::origins::Origins;
use crate::random::SystemRandom;
use crate::seal::FileSealer;
use crate::serve::{Ending, bind, serve};
use crate::signals::LocalSignals;
use crate::signin::cookies::Cookies;
use crate::signin::local::LocalAccounts;
use crate::store::sqlite::SqliteStore;
use crate::worker::Worker;

const LIMITS: SessionLimits = SessionLimits { idle_seconds: 60 * 60, absolute_seconds: 12 * 60 * 60 };
const WINDOW_SECONDS: i64 = 300;
const PEOPLE: [(&str, &str, bool); 3] =
    [("ana", "Ana Marić", false), ("ben", "Ben Okafor", false), ("ira", "Ira Lindqvist", true)];

pub async fn run(demo: Demo) -> Result<(), String> {
    let ending = Ending::listen()?;
    let origins = match &demo.public_url {
        Some(url) => Origins::public(url)?,
        None => Origins::loopback(demo.listen),
    };
    let listener = bind(demo.listen).await?;
    let management = bind(demo.management_listen).await?;
    make_folder(&demo.data)?;
    let (portal, fleet, signals) = open(&demo.data)
        .await
        .map_err(|reason| format!("the demo's data in {} cannot be used: {reason}", demo.data.display()))?;

    let (stop, stopping) = watch::channel(false);
    let host = Host {
        portal: Arc::clone(&portal),
        signals: Arc::clone(&signals),
        cookies: Cookies { secure: origins.are_https() },
        origins: Arc::new(origins),
        stopping: stopping.clone(),
    };
    let pages = Pages { site: site(), hands: Some(Arc::clone(&fleet) as _) };
    let worker = Arc::new(Worker { portal });
    let mut tasks = JoinSet::new();
    tasks.spawn(fleet.run(stopping.clone()));
    tasks.spawn(worker.run(signals.subscribe(), stopping.clone()));
    tasks.spawn(serve(management, http::management(host.clone()), stopping.clone()));
    tasks.spawn(serve(listener, http::public(host, pages), stopping));
    introduce(&demo);
    ending.wait(stop, tasks).await;
    Ok(())
}

type Opened = (Arc<Portal>, Arc<VirtualFleet>, Arc<LocalSignals>);

async fn open(data: &Path) -> Result<Opened, String> {
    let random: Arc<dyn Randomness> = Arc::new(SystemRandom);
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&data.join("portal.db")).await.map_err(said)?);
    let latest = store.latest_time().await.map_err(said)?;
    let clock: Arc<dyn Clock> = Arc::new(ServerClock::starting_after(latest));
    let accounts = LocalAccounts::new(Arc::clone(&store), Arc::clone(&random)).map_err(said)?;
    let people = people(store.as_ref(), &accounts, clock.as_ref(), random.as_ref()).await.map_err(said)?;
    let sealer = FileSealer::open(&data.join("seal.key"), Arc::clone(&random)).map_err(said)?;
    let fleet = VirtualFleet::open(&data.join("fleet.db"), Arc::clone(&clock), Arc::clone(&random), &people)
        .await
        .map_err(said)?;
    let signals = Arc::new(LocalSignals::new());
    let portal = Portal {
        store,
        fleets: vec![Arc::clone(&fleet) as Arc<dyn Connector>],
        authenticator: Arc::new(accounts),
        sealer: Arc::new(sealer),
        signals: Arc::clone(&signals) as _,
        clock,
        random,
        limits: LIMITS,
        window_seconds: WINDOW_SECONDS,
    };
    Ok((Arc::new(portal), fleet, signals))
}

/// Makes whoever is missing, so that a first start cut short is finished by the second.
async fn people(
    store: &dyn Store,
    accounts: &LocalAccounts,
    clock: &dyn Clock,
    random: &dyn Randomness,
) -> Result<Vec<Person>, StoreError> {
    let mut people = Vec::new();
    for (user_name, name, it_admin) in PEOPLE {
        if let Some((id, _)) = store.password_of_user(user_name).await? {
            people.extend(store.person(id).await?);
            continue;
        }
        let mut id = [0; 16];
        random.fill(&mut id);
        let person = Person {
            id: PersonId(Uuid::from_bytes(id)),
            user_name: user_name.to_owned(),
            name: name.to_owned(),
            email: format!("{user_name}@example.com"),
            it_admin,
        };
        let hash = accounts.hash(&SecretString::from(format!("{user_name}-demo"))).await?;
        store.add_person(&person, &hash, clock.now()).await?;
        people.push(person);
    }
    Ok(people)
}

fn site() -> Site {
    Site {
        organisation: "Example Works".to_owned(),
        contact: Contact {
            name: "IT helpdesk of Example Works".to_owned(),
            phone: "+1 555 0100".to_owned(),
            email: "helpdesk@example.com".to_owned(),
            website: "https://helpdesk.example.com".to_owned(),
            notes: "Monday to Friday, 8:00 to 18:00".to_owned(),
        },
        demo: true,
    }
}

/// Only its owner may look into it: it holds the key that temporary passcodes are sealed with.
fn make_folder(folder: &Path) -> Result<(), String> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        format!("the folder {} cannot be made: {error}. Name another with --data", folder.display())
    })
}

fn introduce(demo: &Demo) {
    let address = demo.public_url.clone().unwrap_or_else(|| format!("http://{}", demo.listen));
    println!("Latchkey's demo is at {address}");
    println!();
    for (user_name, name, _) in PEOPLE {
        println!("  user name {user_name}   password {user_name}-demo   ({name})");
    }
    println!();
    println!("  the phones     {address}/phones");
    println!("  its data       {}", demo.data.display());
    println!("  health         http://{}/health/ready", demo.management_listen);
    println!();
    println!("Ctrl-C ends it.");
}

fn said(error: impl Display) -> String {
    error.to_string()
}

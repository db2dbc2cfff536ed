//! The demo organisation: three people, a virtual fleet, and everything else as in earnest.

use std::fmt::Display;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use domain::fleet::Connector;
use domain::person::Person;
use domain::ports::Authenticator;
use secrecy::SecretString;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::cli::Demo;
use crate::config::Config;
use crate::ending::{Ending, Stage};
use crate::fleet::virtual_fleet::VirtualFleet;
use crate::opened::Opened;
use crate::origins::Origins;
use crate::serve::{Organisation, Ports, pages};
use crate::user::new_person;

const PEOPLE: [(&str, &str, bool); 3] =
    [("ana", "Ana Marić", false), ("ben", "Ben Okafor", false), ("ira", "Ira Lindqvist", true)];

/// Known to everybody, so it opens nothing outside the demo.
pub fn password_of(user_name: &str) -> Option<String> {
    let is_demo = PEOPLE.iter().any(|(name, ..)| name.eq_ignore_ascii_case(user_name));
    is_demo.then(|| format!("{}-demo", user_name.to_lowercase()))
}

pub async fn run(demo: &Demo, mut config: Config) -> Result<(), String> {
    let ending = Ending::listen()?;
    for (key, address) in [
        ("server.listen", config.server.listen),
        ("server.management_listen", config.server.management_listen),
    ] {
        if !address.ip().is_loopback() {
            return Err(format!(
                "the demo's passwords are known to everybody, so it listens on loopback only: {key} is {address}"
            ));
        }
    }
    let origins = match config.server.public_url.as_str() {
        "" => Origins::loopback(config.server.listen),
        url => Origins::public(url)?,
    };
    name_the_organisation(&mut config);
    // Nothing sends people here.
    config.server.drain_seconds.get_or_insert(0);
    let ports = Ports::take(&config)?;
    make_folder(&demo.data)?;
    if !config.database.is_server() {
        config.database.url = format!("sqlite:{}", demo.data.join("portal.db").display());
    }
    if config.seal.key_file.as_os_str().is_empty() {
        config.seal.key_file = demo.data.join("seal.key");
    }
    let unusable = |reason| format!("the demo's data in {} cannot be used: {reason}", demo.data.display());
    let mut opened = Opened::from(&config).await.map_err(unusable)?;
    opened.serve_alone(&config)?;
    let people = people(&opened).await.map_err(unusable)?;
    let fleet = demo.data.join("fleet.db");
    let (clock, random) = (Arc::clone(&opened.clock), Arc::clone(&opened.random));
    let fleet = VirtualFleet::open(&fleet, clock, random, &people).await.map_err(|e| unusable(said(e)))?;

    let (stop, stopping) = watch::channel(Stage::Serving);
    let mut tasks = JoinSet::new();
    tasks.spawn(Arc::clone(&fleet).run(stopping));
    let introduction = introduction(demo, &config);
    let pages = pages(&config, Some(Arc::clone(&fleet) as _))?;
    let own_fleets = vec![("The virtual fleet".to_owned(), fleet as Arc<dyn Connector>)];
    let organisation = Organisation { config, opened, origins, own_fleets, pages };
    organisation.serve(ports, ending, tasks, stop, || println!("{introduction}")).await
}

/// What an operator who tries the demo has set stays.
fn name_the_organisation(config: &mut Config) {
    let contact = &mut config.contact;
    for (setting, text) in [
        (&mut config.organisation.name, "Example Works"),
        (&mut contact.name, "IT helpdesk of Example Works"),
        (&mut contact.phone, "+1 555 0100"),
        (&mut contact.email, "helpdesk@example.com"),
        (&mut contact.website, "https://helpdesk.example.com"),
        (&mut contact.notes, "Monday to Friday, 8:00 to 18:00"),
    ] {
        if setting.is_empty() {
            text.clone_into(setting);
        }
    }
}

/// Makes whoever is missing, so that a first start cut short is finished by the second.
async fn people(opened: &Opened) -> Result<Vec<Person>, String> {
    let mut people = Vec::new();
    let known = opened.store.accounts().await.map_err(said)?;
    for (user_name, name, it_admin) in PEOPLE {
        if let Some(account) = known.iter().find(|account| account.person.user_name == user_name) {
            people.push(account.person.clone());
            continue;
        }
        let email = format!("{user_name}@example.com");
        let person = new_person(opened.random.as_ref(), user_name, name, &email, it_admin);
        let password = SecretString::from(format!("{user_name}-demo"));
        let hash = opened.accounts.hash(&password).await.map_err(said)?;
        opened.store.add_person(&person, &hash, opened.clock.now()).await.map_err(said)?;
        people.push(person);
    }
    Ok(people)
}

/// Only its owner may look into it: it holds the key that temporary passcodes are sealed with.
fn make_folder(folder: &Path) -> Result<(), String> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        format!("the folder {} cannot be made: {error}. Name another with --data", folder.display())
    })
}

fn introduction(demo: &Demo, config: &Config) -> String {
    let server = &config.server;
    let address = match server.public_url.as_str() {
        "" => format!("http://{}", server.listen),
        url => url.to_owned(),
    };
    let people = PEOPLE.map(|(user_name, name, _)| {
        format!("  user name {user_name}   password {user_name}-demo   ({name})\n")
    });
    format!(
        "Latchkey's demo is at {address}\n\n{}\n  the phones     {address}/phones\n  its data       {}\n  \
         health         http://{}/health/ready\n\nCtrl-C ends it.",
        people.concat(),
        demo.data.display(),
        server.management_listen
    )
}

fn said(error: impl Display) -> String {
    error.to_string()
}

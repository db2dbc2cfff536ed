//! `latchkey doctor`: looks at everything the program stands on, changes nothing but the tables, and names each remedy.

use std::path::Path;
use std::sync::Arc;

use domain::ports::Sealer;

use crate::config::{Config, OwnedBy};
use crate::files;
use crate::fleet::ownership::Ownership;
use crate::fleet::{self, Means};
use crate::opened::Opened;
use crate::organisation;
use crate::seal::FileSealer;
use crate::signin::oidc::Providers;
use crate::signin::oidc::examination::examine as examine_provider;

/// What was looked at, and how it is.
pub type Finding = (String, Result<String, String>);

pub async fn examine(config: &Config) -> Result<(), String> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut say = |what: &str, found| findings.push((what.to_owned(), found));
    say("settings", Ok("every key is known, every value possible".to_owned()));
    say("public address", organisation::origins(config).map(|_| config.server.public_url.clone()));
    say("proxies", proxies(config));
    say("style and script", style_and_script());
    match Opened::from(config).await {
        Ok(opened) => {
            say("database", Ok(config.database.shown()));
            say("key of temporary passcodes", key(config));
            say("accounts", accounts(&opened, config).await);
            for provider in Providers::of(&config.oidc, &opened.clock)?.all() {
                let proofs = opened.store.proofs_of(&provider.settings.issuer).await;
                let proofs = proofs.map_err(|error| error.to_string())?;
                for (what, found) in examine_provider(provider, &config.server.public_url, proofs).await {
                    say(&what, found);
                }
            }
            for (what, found) in mdms(&opened, config).await {
                say(&what, found);
            }
        }
        Err(reason) => say("database", Err(reason)),
    }
    let mut wrong = 0;
    for (what, found) in findings {
        match found {
            Ok(how) => println!("ok     {what}: {how}"),
            Err(why) => {
                wrong += 1;
                println!("WRONG  {what}: {why}");
            }
        }
    }
    if wrong == 0 { Ok(()) } else { Err(format!("{wrong} of these need you, as it says there")) }
}

fn style_and_script() -> Result<String, String> {
    if files::are_built() {
        return Ok("in the program".to_owned());
    }
    Err("the program was built without them, and pages are bare. Take one that make build leaves".to_owned())
}

fn proxies(config: &Config) -> Result<String, String> {
    let https = config.server.public_url.starts_with("https://");
    match config.server.proxies()?.len() {
        0 if https => Err(
            "public_url is https, which a proxy has to answer, but server.trusted_proxies is empty: everybody would \
             be one visitor to the limits. Set it to the address the proxy connects from"
                .to_owned(),
        ),
        count => Ok(format!("{count} believed")),
    }
}

fn key(config: &Config) -> Result<String, String> {
    let path = config.seal.key(&config.database)?;
    if !Path::new(&path).exists() {
        return Ok(format!("{} will be made at the first start", path.display()));
    }
    FileSealer::from(config, std::sync::Arc::new(crate::random::SystemRandom))?;
    Ok(path.display().to_string())
}

/// Each MDM by itself, and whose its devices are.
async fn mdms(opened: &Opened, config: &Config) -> Vec<Finding> {
    if config.fleet.is_empty() {
        return vec![("MDMs".to_owned(), Ok("none is set, so that nobody has devices".to_owned()))];
    }
    // Nothing is opened or sealed here.
    let sealer: Arc<dyn Sealer> = Arc::new(FileSealer::without_file(Arc::clone(&opened.random)));
    let means = Means {
        clock: &opened.clock,
        random: &opened.random,
        sealer: &sealer,
        enrolments: &opened.enrolments,
    };
    let mut findings = Vec::new();
    for settings in &config.fleet {
        match fleet::configured_one(settings, config, &means) {
            Ok(mdm) => findings.extend(mdm.examine(config.server.public_url.trim_end_matches('/')).await),
            Err(why) => findings.push((format!("MDM {}", settings.id), Err(why))),
        }
    }
    if !config.owner.is_empty() {
        findings.push(("owners of devices".to_owned(), owners(config)));
    }
    findings
}

/// As many as somebody can look at.
pub fn some_of<S: AsRef<str>>(names: &[S]) -> String {
    const SHOWN: usize = 10;
    let shown = names.iter().take(SHOWN).map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn owners(config: &Config) -> Result<String, String> {
    let ownership = Ownership::new(OwnedBy::Map, &config.owner);
    match ownership.ambiguous().as_slice() {
        [] => Ok(format!("{} devices in [[owner]], each of one person", config.owner.len())),
        serials => Err(format!(
            "[[owner]] gives {} to more than one person, so that nobody has it. Leave one of them",
            some_of(serials)
        )),
    }
}

async fn accounts(opened: &Opened, config: &Config) -> Result<String, String> {
    organisation::fit(opened, config).await?;
    let accounts = opened.store.accounts().await.map_err(|error| error.to_string())?;
    let able = accounts.iter().filter(|account| !account.disabled).count();
    Ok(format!("{able} can sign in, {} cannot", accounts.len() - able))
}

//! `latchkey serve`: a real organisation.

use std::sync::Arc;

use domain::ports::Authenticator;
use secrecy::SecretString;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::Config;
use crate::demo;
use crate::ending::{Ending, Stage};
use crate::opened::Opened;
use crate::origins::Origins;
use crate::serve::{Organisation, Ports, pages};

pub async fn serve(config: Config) -> Result<(), String> {
    let ending = Ending::listen()?;
    let origins = origins(&config)?;
    let ports = Ports::take(&config)?;
    let mut opened = Opened::from(&config).await?;
    fit(&opened, &config).await?;
    opened.serve_alone(&config)?;
    let told = format!("Latchkey is at {}", config.server.public_url);
    let pages = pages(&config, None)?;
    let organisation = Organisation { config, opened, origins, own_fleets: Vec::new(), pages };
    let (stop, _) = watch::channel(Stage::Serving);
    organisation.serve(ports, ending, JoinSet::new(), stop, || tracing::info!("{told}")).await
}

pub fn origins(config: &Config) -> Result<Origins, String> {
    if config.server.public_url.is_empty() {
        return Err(
            "server.public_url is not set. Set it to the address people open, as in https://portal.example.com"
                .to_owned(),
        );
    }
    Origins::public(&config.server.public_url)
}

/// Whether anybody could sign in, and nobody with a password that everybody knows.
pub async fn fit(opened: &Opened, config: &Config) -> Result<(), String> {
    let accounts = opened.store.accounts().await.map_err(|error| error.to_string())?;
    if config.oidc.is_empty() && accounts.iter().all(|account| account.disabled) {
        return Err(
            "nobody could sign in: there is no account and no identity provider. Add one: latchkey user add NAME --email ADDRESS \
             --password-stdin, or [[oidc]] in the settings"
                .to_owned(),
        );
    }
    for account in accounts.iter().filter(|account| !account.disabled) {
        let name = &account.person.user_name;
        let Some(password) = demo::password_of(name) else { continue };
        let password = SecretString::from(password);
        let known = Arc::clone(&opened.accounts).authenticate(name, &password).await;
        if known.map_err(|error| error.to_string())?.is_some() {
            return Err(format!(
                "the account {name} has the password of the demo, which everybody knows: this database was made by \
                 latchkey demo. Use another database.url, or set another password: latchkey user password {name} \
                 --password-stdin"
            ));
        }
    }
    Ok(())
}

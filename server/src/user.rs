//! `latchkey user …`: local accounts, beside the running program.

use std::io::Read;

use domain::account::{Account, MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS};
use domain::person::{Person, PersonId};
use domain::ports::{Authenticator, Randomness};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::cli::User;
use crate::config::Config;
use crate::opened::Opened;
use crate::signin::local::is_guessable;

pub async fn run(command: User, config: &Config) -> Result<(), String> {
    let accounts = Accounts(Opened::from(config).await?);
    match command {
        User::Add { name, email, display_name, it_admin, .. } => {
            let name = named(&name)?;
            if !email.contains('@') {
                return Err(format!("{email} is no e-mail address"));
            }
            let person = new_person(
                accounts.0.random.as_ref(),
                name,
                &display_name.unwrap_or(name.to_owned()),
                &email,
                it_admin,
            );
            accounts.add(&person).await
        }
        User::Password { name, .. } => accounts.set_password(&name).await,
        User::Disable { name } => accounts.set_disabled(&name, true).await,
        User::Enable { name } => accounts.set_disabled(&name, false).await,
        User::List => accounts.list().await,
    }
}

pub fn new_person(
    random: &dyn Randomness,
    user_name: &str,
    name: &str,
    email: &str,
    it_admin: bool,
) -> Person {
    let mut id = [0; 16];
    random.fill(&mut id);
    Person {
        id: PersonId(Uuid::from_bytes(id)),
        user_name: user_name.to_owned(),
        name: name.to_owned(),
        email: email.to_owned(),
        subject: String::new(),
        it_admin,
    }
}

struct Accounts(Opened);

impl Accounts {
    async fn add(&self, person: &Person) -> Result<(), String> {
        let name = &person.user_name;
        if self.find(name).await.is_ok() {
            return Err(format!("there is an account {name} already. Choose another name"));
        }
        let hash = self.hash(&password(person)?).await?;
        let Opened { store, clock, .. } = &self.0;
        store.add_person(person, &hash, clock.now()).await.map_err(|error| error.to_string())?;
        println!("{name} can sign in.");
        Ok(())
    }

    async fn set_password(&self, name: &str) -> Result<(), String> {
        let person = self.find(name).await?.person;
        if person.is_of_provider() {
            return Err(format!(
                "{name} signs in with an identity provider, and a password here would be a way around it. Change it there"
            ));
        }
        let hash = self.hash(&password(&person)?).await?;
        let person = person.id;
        let Opened { store, clock, .. } = &self.0;
        store.set_password(person, &hash, clock.now()).await.map_err(|error| error.to_string())?;
        println!("{name} has another password, and is signed out everywhere.");
        Ok(())
    }

    async fn set_disabled(&self, name: &str, disabled: bool) -> Result<(), String> {
        let person = self.find(name).await?.person.id;
        let Opened { store, clock, .. } = &self.0;
        store.set_disabled(person, disabled, clock.now()).await.map_err(|error| error.to_string())?;
        let now = if disabled { "is signed out everywhere and cannot sign in" } else { "can sign in" };
        println!("{name} {now}.");
        Ok(())
    }

    async fn list(&self) -> Result<(), String> {
        for Account { person, disabled } in self.all().await? {
            let role = if person.it_admin { "IT admin" } else { "" };
            let state = if disabled { "disabled" } else { "" };
            let told = [&person.user_name, &person.email, &person.name, role, state]
                .map(|text| text.replace('\t', " "));
            let line = told.join("\t");
            // Names and addresses are whatever a provider says.
            let sign = |sign: char| if sign.is_control() && sign != '\t' { '\u{fffd}' } else { sign };
            println!("{}", line.trim_end().chars().map(sign).collect::<String>());
        }
        Ok(())
    }

    async fn find(&self, name: &str) -> Result<Account, String> {
        let account =
            self.all().await?.into_iter().find(|account| account.person.user_name.eq_ignore_ascii_case(name));
        account.ok_or_else(|| format!("there is no account {name}. latchkey user list has them all"))
    }

    async fn all(&self) -> Result<Vec<Account>, String> {
        self.0.store.accounts().await.map_err(|error| error.to_string())
    }

    async fn hash(&self, password: &SecretString) -> Result<String, String> {
        self.0.accounts.hash(password).await.map_err(|error| error.to_string())
    }
}

fn named(name: &str) -> Result<&str, String> {
    let plain = name.chars().all(|sign| sign.is_alphanumeric() || "._-@+".contains(sign));
    if plain && (1..=100).contains(&name.len()) {
        Ok(name)
    } else {
        Err("a name has letters, digits and . _ - @ + alone, and at most 100 of them".to_owned())
    }
}

/// One line, as the sign-in form would send it.
fn password(of: &Person) -> Result<SecretString, String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| format!("standard input: {error}"))?;
    let password = SecretString::from(text.trim_end_matches(['\r', '\n']));
    let text = password.expose_secret();
    if text.chars().count() < MIN_PASSWORD_CHARS || text.len() > MAX_PASSWORD_BYTES {
        return Err(format!(
            "the password on standard input needs at least {MIN_PASSWORD_CHARS} characters. A few words in a row are \
             easy to remember"
        ));
    }
    // Whoever sets it for somebody has a reason, and tells them to change it.
    if is_guessable(&password, &of.known_of()) {
        eprintln!(
            "latchkey: this password is one of those that are tried first. Let the person change it at once"
        );
    }
    Ok(password)
}

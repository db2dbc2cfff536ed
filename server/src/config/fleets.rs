//! MDMs, and whose the devices are that they manage.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{check_id, is_safe_url, not_told};

/// An MDM. Keys of another kind than its own are a mistake.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fleet {
    /// Names it in addresses and variables, and in the ids of its devices.
    pub id: String,
    /// As people are told of it. Empty: the id.
    pub name: String,
    pub kind: Option<Kind>,
    /// What of a person must equal what the MDM says. None: what its kind is best at.
    pub owner: Option<OwnedBy>,
    /// For one answer.
    pub timeout_seconds: u32,

    pub tenant: String,
    pub client_id: String,
    #[serde(serialize_with = "not_told")]
    pub client_secret: SecretString,
    /// A private key and its certificate, in PEM, instead of the secret.
    pub certificate_file: PathBuf,
    pub login_url: String,
    pub graph_url: String,

    pub url: String,
    #[serde(serialize_with = "not_told")]
    pub api_key: SecretString,
    #[serde(serialize_with = "not_told")]
    pub webhook_secret: SecretString,
    pub push: bool,

    pub enterprise: String,
    pub service_account_file: PathBuf,

    #[serde(serialize_with = "not_told")]
    pub token: SecretString,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Intune,
    NanoMdm,
    Android,
    Fleet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OwnedBy {
    Email,
    Subject,
    Map,
}

/// A line of the map: whose the device with this serial number is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Owner {
    /// An e-mail address, or the user name of a local account.
    pub person: String,
    pub serial: String,
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            kind: None,
            owner: None,
            timeout_seconds: 10,
            tenant: String::new(),
            client_id: String::new(),
            client_secret: SecretString::default(),
            certificate_file: PathBuf::new(),
            login_url: String::new(),
            graph_url: String::new(),
            url: String::new(),
            api_key: SecretString::default(),
            webhook_secret: SecretString::default(),
            push: true,
            enterprise: String::new(),
            service_account_file: PathBuf::new(),
            token: SecretString::default(),
        }
    }
}

impl Fleet {
    pub fn shown_name(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }

    pub fn owned_by(&self) -> OwnedBy {
        let best = if self.kind == Some(Kind::NanoMdm) { OwnedBy::Map } else { OwnedBy::Email };
        self.owner.unwrap_or(best)
    }

    /// Where it is asked, without a slash at the end.
    pub fn address<'a>(set: &'a str, usual: &'a str) -> &'a str {
        if set.is_empty() { usual } else { set }.trim_end_matches('/')
    }

    fn check(&self, owners: &[Owner]) -> Result<(), String> {
        let Some(kind) = self.kind else {
            return Err("kind is not set: intune, nanomdm, android or fleet".to_owned());
        };
        if !(1..=60).contains(&self.timeout_seconds) {
            return Err(format!(
                "timeout_seconds is {}, but it has to be between 1 and 60",
                self.timeout_seconds
            ));
        }
        for (key, is_set, of, needed) in self.keys() {
            if is_set && of != kind {
                return Err(format!("{key} is no key of this kind"));
            }
            if !is_set && of == kind && needed {
                return Err(format!("{key} is not set"));
            }
        }
        if !self.push && kind != Kind::NanoMdm {
            return Err("push is no key of this kind".to_owned());
        }
        for (key, url) in [("login_url", &self.login_url), ("graph_url", &self.graph_url), ("url", &self.url)]
        {
            if !url.is_empty() && !is_safe_url(url) {
                return Err(format!(
                    "{key} is {url:?}, but it has to be an address that begins with https:// (or http:// on loopback)"
                ));
            }
        }
        if kind == Kind::Intune
            && !is_set(&self.client_secret)
            && self.certificate_file.as_os_str().is_empty()
        {
            return Err("client_secret is not set, and certificate_file neither".to_owned());
        }
        match (self.owned_by(), kind) {
            (OwnedBy::Map, _) if owners.is_empty() => {
                Err("owner is map, but there is no [[owner]] with a person and a serial".to_owned())
            }
            (OwnedBy::Email, Kind::NanoMdm) => {
                Err("owner is email, but NanoMDM knows nobody's address. Set it to map".to_owned())
            }
            (OwnedBy::Subject, Kind::NanoMdm | Kind::Android | Kind::Fleet) => {
                Err("owner is subject, which Intune alone knows. Set it to email or map".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Whether it is set, of which kind it is, and whether that kind needs it.
    fn keys(&self) -> [(&'static str, bool, Kind, bool); 12] {
        let path = |path: &PathBuf| !path.as_os_str().is_empty();
        let url_of = match self.kind {
            Some(Kind::Intune) | None => Kind::NanoMdm,
            Some(kind) => kind,
        };
        [
            ("tenant", !self.tenant.is_empty(), Kind::Intune, true),
            ("client_id", !self.client_id.is_empty(), Kind::Intune, true),
            ("client_secret", is_set(&self.client_secret), Kind::Intune, false),
            ("certificate_file", path(&self.certificate_file), Kind::Intune, false),
            ("login_url", !self.login_url.is_empty(), Kind::Intune, false),
            ("graph_url", !self.graph_url.is_empty(), Kind::Intune, false),
            ("url", !self.url.is_empty(), url_of, url_of != Kind::Android),
            ("api_key", is_set(&self.api_key), Kind::NanoMdm, true),
            ("webhook_secret", is_set(&self.webhook_secret), Kind::NanoMdm, true),
            ("enterprise", !self.enterprise.is_empty(), Kind::Android, true),
            ("service_account_file", path(&self.service_account_file), Kind::Android, true),
            ("token", is_set(&self.token), Kind::Fleet, true),
        ]
    }
}

pub fn check(fleets: &[Fleet], owners: &[Owner]) -> Result<(), String> {
    for (place, fleet) in fleets.iter().enumerate() {
        check_id("fleet", place, &fleet.id, "intune")?;
        let refused = |why: &str| format!("[[fleet]] {}: {why}", fleet.id);
        if fleet.id == "virtual" {
            return Err(refused("the demo's virtual fleet has this id. Choose another"));
        }
        if fleets[..place].iter().any(|other| other.id == fleet.id) {
            return Err(refused("another one has the same id"));
        }
        fleet.check(owners).map_err(|why| refused(&why))?;
    }
    for (place, owner) in owners.iter().enumerate() {
        if owner.person.is_empty() || owner.serial.is_empty() {
            return Err(format!("the {}. [[owner]] has to have a person and a serial", place + 1));
        }
    }
    Ok(())
}

fn is_set(secret: &SecretString) -> bool {
    !secret.expose_secret().is_empty()
}

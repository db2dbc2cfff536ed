//! What an operator may set. Flags come before the environment, the environment before the file, the file before what
//! stands here. A key nobody reads is a mistake, so the start stops at it.

use std::collections::HashMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Environment, File, FileFormat};
use domain::freshness::WINDOW_SECONDS;
use ipnet::IpNet;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::branding::{Logo, style_of};

mod fleets;

pub use fleets::{Fleet, Kind, OwnedBy, Owner};

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub sign_in: SignIn,
    pub seal: Seal,
    pub limits: Limits,
    pub organisation: Organisation,
    pub contact: Contact,
    pub log: Log,
    /// Identity providers.
    pub oidc: Vec<Oidc>,
    /// MDMs.
    pub fleet: Vec<Fleet>,
    /// Whose the devices are of MDMs that go by this list.
    pub owner: Vec<Owner>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    pub listen: SocketAddr,
    pub management_listen: SocketAddr,
    pub public_url: String,
    #[serde(deserialize_with = "one_or_many")]
    pub trusted_proxies: Vec<String>,
    /// How long people are served still when the program is asked to end, and is not ready any more.
    pub drain_seconds: Option<u32>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    pub url: String,
    /// To a PostgreSQL, for reading. One more writes, and one listens.
    pub connections: u32,
}

/// Where the rows are.
pub enum Rows {
    File(PathBuf),
    /// The address of a PostgreSQL.
    Server(String),
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignIn {
    pub window_seconds: i64,
    pub idle_minutes: i64,
    pub absolute_hours: i64,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seal {
    /// Empty: beside the database.
    pub key_file: PathBuf,
    /// Opens what was sealed before the key was changed, and seals nothing.
    pub previous_key_file: PathBuf,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Failed sign-ins of one account, from one address or one known browser.
    pub sign_in_failures: u32,
    /// Failed sign-ins of one account, from all addresses together, known browsers left out.
    pub sign_in_failures_per_account: u32,
    /// Failed sign-ins from one address, of all accounts together, known browsers left out.
    pub sign_in_failures_per_address: u32,
    /// In this time all of them are forgotten, evenly.
    pub sign_in_failure_minutes: u32,
    pub resets_per_device_and_hour: u32,
    pub streams_per_person: u32,
    pub header_bytes: u32,
    pub body_bytes: u32,
    /// Of what an MDM tells.
    pub webhook_bytes: u32,
    /// For the head of a request to arrive.
    pub header_seconds: u32,
    /// For its body.
    pub body_seconds: u32,
    /// For a reader to take anything of its answer.
    pub write_seconds: u32,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Organisation {
    pub name: String,
    /// A picture file. Empty: none.
    pub logo: PathBuf,
    /// `#` and six hexadecimal digits. Empty: Latchkey's own.
    pub colour: String,
    pub privacy_url: String,
    /// Of the times that the server writes, as in Europe/Zagreb.
    pub time_zone: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Contact {
    pub name: String,
    pub phone: String,
    pub email: String,
    pub website: String,
    pub notes: String,
}

/// An OpenID Connect provider.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Oidc {
    /// Names it in addresses and variables.
    pub id: String,
    /// On the button of the sign-in page. Empty: the id.
    pub name: String,
    /// As in the `iss` of its tokens.
    pub issuer: String,
    pub client_id: String,
    /// Empty: none, and the proof key alone ties an answer to its question.
    #[serde(serialize_with = "not_told")]
    pub client_secret: SecretString,
    #[serde(deserialize_with = "one_or_many")]
    pub scopes: Vec<String>,
    /// Asked for when the five minutes run; one of them has to be in the answer. None: whatever the provider does.
    #[serde(deserialize_with = "one_or_many")]
    pub acr_values: Vec<String>,
    /// The claim that lists the person's groups.
    pub groups_claim: String,
    /// Whoever is in it is an IT admin. Empty: nobody.
    pub admin_group: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    pub format: LogFormat,
    /// As RUST_LOG, which comes before it: a level, or levels by module.
    pub level: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 3000).into(),
            management_listen: ([127, 0, 0, 1], 9000).into(),
            public_url: String::new(),
            trusted_proxies: Vec::new(),
            drain_seconds: None,
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self { url: "sqlite:latchkey.db".to_owned(), connections: 8 }
    }
}

impl Default for SignIn {
    fn default() -> Self {
        Self { window_seconds: WINDOW_SECONDS, idle_minutes: 60, absolute_hours: 12 }
    }
}

impl Default for Organisation {
    fn default() -> Self {
        Self {
            name: String::new(),
            logo: PathBuf::new(),
            colour: String::new(),
            privacy_url: String::new(),
            time_zone: "UTC".to_owned(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sign_in_failures: 10,
            sign_in_failures_per_account: 100,
            sign_in_failures_per_address: 100,
            sign_in_failure_minutes: 15,
            resets_per_device_and_hour: 20,
            streams_per_person: 32,
            header_bytes: 32 * 1024,
            body_bytes: 64 * 1024,
            webhook_bytes: 4 * 1024 * 1024,
            header_seconds: 20,
            body_seconds: 15,
            write_seconds: 30,
        }
    }
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            issuer: String::new(),
            client_id: String::new(),
            client_secret: SecretString::default(),
            scopes: ["openid", "profile", "email"].map(str::to_owned).into(),
            acr_values: Vec::new(),
            groups_claim: "groups".to_owned(),
            admin_group: String::new(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned() }
    }
}

/// What a command line says, by key.
pub type Flags = Vec<(&'static str, String)>;

impl Config {
    /// From the file, the environment and the flags, checked.
    pub fn load(file: Option<&Path>, flags: Flags) -> Result<Self, String> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::read(file, environment.collect(), flags)
    }

    #[cfg(test)]
    pub fn of_environment(environment: HashMap<String, String>) -> Result<Self, String> {
        Self::read(None, environment, Vec::new())
    }

    fn read(file: Option<&Path>, environment: HashMap<String, String>, flags: Flags) -> Result<Self, String> {
        let mut builder = config::Config::builder();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| format!("the configuration {} cannot be read: {error}", path.display()))?;
            builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
        }
        let (settings, entries) = settings(environment)?;
        let in_file = builder.build_cloned().map_err(said)?;
        for (key, value) in places_of(entries, &in_file) {
            builder = builder.set_override(key, value).map_err(said)?;
        }
        builder = builder.add_source(
            Environment::with_prefix(PREFIX).prefix_separator("_").separator(SECTION).source(Some(settings)),
        );
        for (key, value) in flags {
            builder = builder.set_override(key, value).map_err(said)?;
        }
        let from = file.map_or_else(String::new, |path| format!(" in {} or", path.display()));
        let read = builder.build().and_then(config::Config::try_deserialize::<Self>);
        let config = read.map_err(|error| {
            format!(
                "a setting{from} in the environment is not right: {error}. docs/operating.md has them all"
            )
        })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let within = |key: &str, value: i64, least: i64, most: i64| {
            if (least..=most).contains(&value) {
                Ok(())
            } else {
                Err(format!("{key} is {value}, but it has to be between {least} and {most}"))
            }
        };
        within("sign_in.window_seconds", self.sign_in.window_seconds, 10, WINDOW_SECONDS)?;
        within("sign_in.idle_minutes", self.sign_in.idle_minutes, 1, 24 * 60)?;
        within("sign_in.absolute_hours", self.sign_in.absolute_hours, 1, 30 * 24)?;
        let limits = &self.limits;
        // A limit below what people need in an ordinary day would lock them out of their own phones.
        for (key, value, least, most) in [
            ("sign_in_failures", limits.sign_in_failures, 3, 1_000),
            ("sign_in_failures_per_account", limits.sign_in_failures_per_account, 10, 100_000),
            ("sign_in_failures_per_address", limits.sign_in_failures_per_address, 10, 100_000),
            ("sign_in_failure_minutes", limits.sign_in_failure_minutes, 1, 24 * 60),
            ("resets_per_device_and_hour", limits.resets_per_device_and_hour, 20, 1_000),
            ("streams_per_person", limits.streams_per_person, 8, 10_000),
            ("header_bytes", limits.header_bytes, 8 * 1024, 1024 * 1024),
            ("body_bytes", limits.body_bytes, 8 * 1024, 16 * 1024 * 1024),
            ("webhook_bytes", limits.webhook_bytes, 64 * 1024, 16 * 1024 * 1024),
            ("header_seconds", limits.header_seconds, 1, 300),
            ("body_seconds", limits.body_seconds, 1, 300),
            ("write_seconds", limits.write_seconds, 1, 300),
        ] {
            within(&format!("limits.{key}"), value.into(), least, most)?;
        }
        within("database.connections", self.database.connections.into(), 2, 100)?;
        within("server.drain_seconds", self.server.drain().as_secs().try_into().unwrap_or(i64::MAX), 0, 300)?;
        self.server.proxies()?;
        self.database.rows()?;
        self.organisation.check()?;
        Oidc::check(&self.oidc)?;
        fleets::check(&self.fleet, &self.owner)
    }
}

impl Server {
    /// A load balancer asks every second or two, and what is left of ten seconds is for the last answers.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds.unwrap_or(3).into())
    }

    /// Whose X-Forwarded-* headers are believed: addresses, or networks such as 10.0.0.0/8.
    pub fn proxies(&self) -> Result<Vec<IpNet>, String> {
        let parse = |text: &String| {
            let address = text.parse::<std::net::IpAddr>().map(IpNet::from);
            address.or_else(|_| text.parse::<IpNet>()).map_err(|_| {
                format!(
                    "server.trusted_proxies has {text:?}, which is no address as 10.0.0.7 and no network as 10.0.0.0/8"
                )
            })
        };
        self.trusted_proxies.iter().map(parse).collect()
    }
}

impl Organisation {
    fn check(&self) -> Result<(), String> {
        self.logo()?;
        self.style()?;
        if app::site::zone_named(&self.time_zone).is_none() {
            return Err(format!(
                "organisation.time_zone is {:?}, which is no time zone. Name it as in Europe/Zagreb, or UTC",
                self.time_zone
            ));
        }
        let url = &self.privacy_url;
        if !(url.is_empty() || url.starts_with("https://") || url.starts_with("http://")) {
            return Err(format!(
                "organisation.privacy_url is {url:?}, but it has to be an address that begins with https://"
            ));
        }
        Ok(())
    }

    pub fn logo(&self) -> Result<Option<Logo>, String> {
        if self.logo.as_os_str().is_empty() { Ok(None) } else { Logo::read(&self.logo).map(Some) }
    }

    pub fn style(&self) -> Result<Option<String>, String> {
        if self.colour.is_empty() { Ok(None) } else { style_of(&self.colour).map(Some) }
    }
}

impl Oidc {
    fn check(all: &[Self]) -> Result<(), String> {
        for (place, provider) in all.iter().enumerate() {
            let id = &provider.id;
            check_id("oidc", place, id, "entra")?;
            let refused = |why: &str| Err(format!("[[oidc]] {id}: {why}"));
            if all[..place].iter().any(|other| other.id == *id || other.issuer == provider.issuer) {
                return refused("another one has the same id or the same issuer");
            }
            if !is_safe_url(&provider.issuer) {
                return refused(&format!(
                    "issuer is {:?}, but it has to be an address that begins with https:// (or http:// on loopback)",
                    provider.issuer
                ));
            }
            if provider.client_id.is_empty() {
                return refused("client_id is not set. The provider shows it where Latchkey is registered");
            }
            if !provider.scopes.iter().any(|scope| scope == "openid") {
                return refused("scopes has no openid, without which nobody is signed in");
            }
        }
        Ok(())
    }

    pub fn shown_name(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }
}

/// Ids stand in addresses and in names of variables.
fn check_id(list: &str, place: usize, id: &str, example: &str) -> Result<(), String> {
    let plain = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-';
    if (1..=32).contains(&id.len()) && id.chars().all(plain) {
        return Ok(());
    }
    Err(format!(
        "the id of the {}. [[{list}]] is {id:?}, but it has to have small letters, digits and - alone, and at most 32 \
         of them, as in {example}",
        place + 1
    ))
}

/// Nothing travels in the clear but on this machine.
pub fn is_safe_url(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default();
    match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => is_loopback(host),
        _ => false,
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

impl Database {
    pub fn rows(&self) -> Result<Rows, String> {
        if self.is_server() {
            return Ok(Rows::Server(self.url.clone()));
        }
        match self.url.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(Rows::File(path.trim_start_matches("//").into())),
            _ => Err("database.url has to be sqlite: and the path of a file, as in sqlite:latchkey.db, or the address of a \
                      PostgreSQL, as in postgres://latchkey:PASSWORD@db.example.com/latchkey"
                .to_owned()),
        }
    }

    pub fn is_server(&self) -> bool {
        ["postgres://", "postgresql://"].iter().any(|scheme| self.url.starts_with(scheme))
    }

    /// Without the password, for whoever reads a terminal or a log.
    pub fn shown(&self) -> String {
        match (self.is_server(), self.url.split_once("://"), self.url.rsplit_once('@')) {
            (true, Some((scheme, _)), Some((_, place))) => {
                format!("{scheme}://{}", place.split('?').next().unwrap_or_default())
            }
            (true, ..) => self.url.split('?').next().unwrap_or_default().to_owned(),
            (false, ..) => self.url.clone(),
        }
    }
}

impl Seal {
    pub fn key(&self, database: &Database) -> Result<PathBuf, String> {
        match database.rows()? {
            _ if !self.key_file.as_os_str().is_empty() => Ok(self.key_file.clone()),
            Rows::File(file) => Ok(file.with_file_name("seal.key")),
            Rows::Server(_) => Err(
                "seal.key_file is not set, and no folder is beside a PostgreSQL. Set it to a file that all \
                                    replicas read the same key from"
                    .to_owned(),
            ),
        }
    }
}

const PREFIX: &str = "LATCHKEY";
/// Between a section and its key.
const SECTION: &str = "__";
const IN_FILE: &str = "_FILE";

/// The list whose entries have no id: a number tells them apart.
const NAMELESS: &str = "owner";

/// Sections of which there may be several, each with its keys.
fn lists() -> Vec<(&'static str, Vec<String>)> {
    vec![
        ("oidc", keys_of(&Oidc::default())),
        ("fleet", keys_of(&Fleet::default())),
        ("owner", keys_of(&Owner::default())),
    ]
}

/// The value of one key of one of several, as the environment says it: list, which one, key.
type Entry = ([String; 3], String);

/// Only what has a section is a setting. NAME_FILE says where the value of NAME lies, so that a secret need not stand in
/// the environment; a setting that is itself called so is one of its own.
fn settings(environment: HashMap<String, String>) -> Result<(HashMap<String, String>, Vec<Entry>), String> {
    let (known, lists) = (keys(), lists());
    let mut settings = HashMap::new();
    let mut entries = Vec::new();
    for (name, value) in environment {
        let Some(key) = key_of(&name) else { continue };
        let parts: Vec<&str> = key.split('.').collect();
        let list = lists.iter().find(|(list, _)| *list == parts[0]);
        let is_key = |key: &str| match (list, key.rsplit('.').next()) {
            (Some((_, keys)), Some(last)) => keys.iter().any(|known| known == last),
            _ => known.iter().any(|known| known == key),
        };
        let of_file = key.strip_suffix("_file").filter(|of| !is_key(&key) && is_key(of));
        let (key, name, value) = match of_file {
            Some(of) => {
                let text = std::fs::read_to_string(&value)
                    .map_err(|error| format!("{name} is {value}, which cannot be read: {error}"))?;
                let text = text.trim_end_matches(['\r', '\n']).to_owned();
                (of.to_owned(), name.trim_end_matches(IN_FILE).to_owned(), text)
            }
            None => (key.clone(), name, value),
        };
        match (list, &key.split('.').collect::<Vec<_>>()[..]) {
            (Some(_), [list, which, key]) => {
                entries.push(([*list, *which, *key].map(str::to_owned), value));
            }
            (Some((list, _)), _) => {
                return Err(format!(
                    "{name} names no key of one [[{list}]]: it has to be as in {PREFIX}_{}{SECTION}ID{SECTION}KEY",
                    list.to_uppercase()
                ));
            }
            _ => {
                settings.insert(name, value);
            }
        }
    }
    Ok((settings, entries))
}

/// Where in its list each of them goes: after its id, or after its place in the file, and at the end when there is none
/// such.
fn places_of(mut entries: Vec<Entry>, in_file: &config::Config) -> Vec<(String, String)> {
    entries.sort();
    let mut lists: HashMap<String, (usize, Vec<String>)> = HashMap::new();
    let mut placed = Vec::new();
    for ([list, which, key], value) in entries {
        let (in_file, ids) = lists.entry(list.clone()).or_insert_with(|| {
            let all = in_file.get_array(&list).unwrap_or_default();
            let tables = all.into_iter().map(|one| one.into_table().unwrap_or_default());
            let ids = tables.map(|table| table.get("id").map(ToString::to_string).unwrap_or_default());
            let ids: Vec<String> = ids.collect();
            (ids.len(), ids)
        });
        // No name of a variable has a hyphen.
        let named = ids.iter().position(|id| id.replace('-', "_") == which);
        let numbered = || which.parse().ok().filter(|place| place < &*in_file);
        let place = named.or_else(numbered).unwrap_or(ids.len());
        if place == ids.len() {
            ids.push(which.clone());
            if list != NAMELESS {
                placed.push((format!("{list}[{place}].id"), which.replace('_', "-")));
            }
        }
        placed.push((format!("{list}[{place}].{key}"), value));
    }
    placed
}

fn key_of(variable: &str) -> Option<String> {
    let rest = variable.strip_prefix(PREFIX)?.strip_prefix('_')?;
    rest.contains(SECTION).then(|| rest.to_lowercase().replace(SECTION, "."))
}

/// Every key there is but those of lists, as in `server.listen`.
pub fn keys() -> Vec<String> {
    let Ok(serde_json::Value::Object(sections)) = serde_json::to_value(Config::default()) else {
        return Vec::new();
    };
    let sections = sections.into_iter();
    sections
        .flat_map(|(section, values)| keys_of(&values).into_iter().map(move |key| format!("{section}.{key}")))
        .collect()
}

fn keys_of(section: &impl Serialize) -> Vec<String> {
    match serde_json::to_value(section) {
        Ok(serde_json::Value::Object(values)) => values.into_iter().map(|(key, _)| key).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn not_told<S: Serializer>(_: &SecretString, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str("")
}

/// A list in a file; in the environment one text with commas.
fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(from)? {
        OneOrMany::Many(list) => list,
        OneOrMany::One(text) => {
            text.split([',', ' ']).filter(|one| !one.is_empty()).map(str::to_owned).collect()
        }
    })
}

fn said(error: impl Display) -> String {
    error.to_string()
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;

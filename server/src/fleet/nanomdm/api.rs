//! What goes over the wire to NanoMDM, and what comes back.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::fleet::FleetError;
use http::{HeaderValue, Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::config::Fleet;
use crate::fleet::Common;
use crate::fleet::calls::{Answered, Calls, ask, authorization, json, segment, with_body};

/// As its storages say that they have a command of this name: in files, PostgreSQL, MySQL.
const HAS_IT: [&str; 3] = ["already exists", "duplicate key", "Duplicate entry"];
const USER: &str = "nanomdm";
/// A device that no MDM has.
const NOBODY: &str = "latchkey-doctor";

pub struct Api {
    base: String,
    basic: HeaderValue,
    push: bool,
    calls: Arc<Calls>,
}

/// Whether it stands in the device's queue now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queued {
    Yes,
    No,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Enqueued {
    status: HashMap<String, OfDevice>,
    command_error: Option<String>,
    push_error: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OfDevice {
    command_error: Option<String>,
    push_error: Option<String>,
}

impl Api {
    pub fn new(settings: &Fleet, common: &Common) -> Result<Self, String> {
        let credentials = format!("{USER}:{}", settings.api_key.expose_secret());
        let encoded = SecretString::from(STANDARD.encode(credentials));
        Ok(Self {
            base: Fleet::address(&settings.url, "").to_owned(),
            basic: authorization("Basic", &encoded).map_err(|error| error.to_string())?,
            push: settings.push,
            calls: Arc::clone(&common.calls),
        })
    }

    /// A command that it has had before is one that it has.
    pub async fn enqueue(&self, device: &str, command: &[u8]) -> Result<Queued, FleetError> {
        let no_push = if self.push { "" } else { "?nopush=1" };
        let url = format!("{}/v1/enqueue/{}{no_push}", self.base, segment(device));
        let request = ask(Method::PUT, &url, Some(&self.basic))?;
        let answer = self.calls.order(with_body(request, "application/xml", command.to_vec())).await?;
        match answer.status() {
            StatusCode::OK | StatusCode::MULTI_STATUS | StatusCode::INTERNAL_SERVER_ERROR => {
                read(device, &answer)
            }
            status if status.is_server_error() => Err(FleetError::Unclear(format!("it answers {status}"))),
            status => {
                tracing::warn!(%status, "NanoMDM did not take a command");
                Ok(Queued::No)
            }
        }
    }

    /// For the doctor: the one thing that needs the key and does nothing.
    pub async fn push_to_nobody(&self) -> Result<Answered, FleetError> {
        let request = ask(Method::GET, &format!("{}/v1/push/{NOBODY}", self.base), Some(&self.basic))?;
        self.calls.order(request).await
    }

    pub async fn version(&self) -> Result<Answered, FleetError> {
        let request = ask(Method::GET, &format!("{}/version", self.base), None)?;
        self.calls.read(|| request.clone()).await
    }
}

/// 500 does not mean that it is not queued: a push may have failed alone.
fn read(device: &str, answer: &Answered) -> Result<Queued, FleetError> {
    let enqueued: Enqueued = json(answer)?;
    let of_device = enqueued.status.get(device);
    let told = |error: &Option<String>| error.clone().filter(|error| !error.is_empty());
    let command_error =
        told(&enqueued.command_error).or_else(|| of_device.and_then(|of| told(&of.command_error)));
    let push_error = told(&enqueued.push_error).or_else(|| of_device.and_then(|of| told(&of.push_error)));
    if let Some(error) = command_error {
        if HAS_IT.iter().any(|words| error.contains(words)) {
            return Ok(Queued::Yes);
        }
        tracing::warn!("NanoMDM could not queue a command");
        return Ok(Queued::No);
    }
    if push_error.is_some() {
        tracing::warn!("NanoMDM queued a command, and could not wake the device");
    }
    // A failure of which it says nothing is none that can be told from success.
    if answer.status() == StatusCode::INTERNAL_SERVER_ERROR && push_error.is_none() {
        return Err(FleetError::Unclear("it answers 500 and not why".to_owned()));
    }
    Ok(Queued::Yes)
}

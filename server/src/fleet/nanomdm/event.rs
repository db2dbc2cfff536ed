//! What NanoMDM tells of its own accord, by `-webhook-url` and `-webhook-hmac-key`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use domain::command::{CommandId, Failure};
use domain::device::{DeviceId, FleetId};
use domain::fleet::{Answer, Message, NotHeard};
use hmac::{Hmac, KeyInit, Mac};
use plist::{Dictionary, Value};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::Sha256;

use super::command::Name;
use super::enrolments::Facts;
use super::plists;
use crate::fleet::calls::json_date;

/// What happened, as far as it concerns the portal.
pub struct Event {
    id: String,
    /// By NanoMDM's clock.
    pub at: Option<Timestamp>,
    pub what: What,
}

pub enum What {
    /// It enrols, or enrols anew: its queue is empty.
    Authenticate(Facts),
    TokenUpdate(Option<SecretString>),
    CheckOut,
    /// It said what it is.
    Information(Facts),
    /// It was heard of, perhaps with the result of a command.
    Result(Option<OfCommand>),
}

pub enum OfCommand {
    Answered(CommandId, Answer),
    StillHasPasscode(CommandId),
}

#[derive(Deserialize)]
struct Raw {
    topic: String,
    created_at: Option<String>,
    acknowledge_event: Option<Acknowledged>,
    checkin_event: Option<CheckedIn>,
}

#[derive(Deserialize)]
struct Acknowledged {
    #[serde(default)]
    command_uuid: String,
    #[serde(default)]
    ids: Ids,
    #[serde(default)]
    udid: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    raw_payload: String,
}

#[derive(Deserialize)]
struct CheckedIn {
    #[serde(default)]
    ids: Ids,
    #[serde(default)]
    udid: String,
    #[serde(default)]
    raw_payload: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ids {
    id: String,
    r#type: String,
}

/// Over the bytes as they came, in constant time.
pub fn verify(secret: &SecretString, message: &Message<'_>) -> Result<(), NotHeard> {
    let signature = message.signature.and_then(|text| STANDARD.decode(text).ok());
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes());
    match (signature, mac) {
        (Some(signature), Ok(mac)) => {
            mac.chain_update(message.body).verify_slice(&signature).map_err(|_| NotHeard::NotAuthentic)
        }
        _ => Err(NotHeard::NotAuthentic),
    }
}

impl Event {
    /// # Errors
    /// What is wrong with it, without a word of it.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let raw: Raw = serde_json::from_slice(body)
            .map_err(|error| format!("its JSON ({:?} in line {})", error.classify(), error.line()))?;
        let at = raw.created_at.as_deref().and_then(json_date);
        match (raw.checkin_event, raw.acknowledge_event) {
            (Some(event), _) => {
                let payload = payload(&event.raw_payload)?;
                Ok(Self { id: device_id(event.ids, event.udid), at, what: checked_in(&raw.topic, &payload) })
            }
            (None, Some(event)) => {
                let payload = payload(&event.raw_payload)?;
                let id = device_id(event.ids, event.udid);
                let what = acknowledged(&id, &event.command_uuid, &event.status, &payload);
                Ok(Self { id, at, what })
            }
            // Of another kind, which tells nothing of a device.
            (None, None) => Ok(Self { id: String::new(), at, what: What::Result(None) }),
        }
    }

    /// None: it is about no device, or one that no device here could be.
    pub fn device(&self, fleet: &FleetId) -> Option<DeviceId> {
        DeviceId::new(fleet, &self.id).ok()
    }
}

/// A person at a shared device is no device.
fn device_id(ids: Ids, udid: String) -> String {
    match ids.r#type.as_str() {
        "Device" | "" if !ids.id.is_empty() => ids.id,
        "Device" | "" => udid,
        _ => String::new(),
    }
}

fn payload(text: &str) -> Result<Dictionary, String> {
    if text.is_empty() {
        return Ok(Dictionary::new());
    }
    plists::read(&STANDARD.decode(text).map_err(|_| "its payload is no base64".to_owned())?)
        .map_err(|why| format!("its payload: {why}"))
}

fn checked_in(topic: &str, payload: &Dictionary) -> What {
    match topic {
        "mdm.Authenticate" => What::Authenticate(facts(payload)),
        "mdm.TokenUpdate" => {
            let token = payload.get("UnlockToken").and_then(Value::as_data).filter(|token| !token.is_empty());
            What::TokenUpdate(token.map(|token| STANDARD.encode(token).into()))
        }
        "mdm.CheckOut" => What::CheckOut,
        _ => What::Result(None),
    }
}

fn acknowledged(id: &str, command: &str, status: &str, payload: &Dictionary) -> What {
    match (Name::parse(command), status) {
        (Some(Name::Reset(id)), status) => {
            What::Result(result(status, payload).map(|answer| OfCommand::Answered(id, answer)))
        }
        (Some(Name::Probe { of, .. }), "Acknowledged") => What::Result(probed(of, payload)),
        (Some(Name::Information { device, .. }), "Acknowledged") if device == id => {
            match payload.get("QueryResponses").and_then(Value::as_dictionary) {
                Some(responses) => What::Information(facts(responses)),
                None => What::Result(None),
            }
        }
        _ => What::Result(None),
    }
}

fn result(status: &str, payload: &Dictionary) -> Option<Answer> {
    match status {
        "Acknowledged" => Some(Answer::Done { passcode: None }),
        "NotNow" => Some(Answer::Waiting),
        "Error" => {
            tracing::warn!(why = error_codes(payload), "a device refused a reset");
            Some(Answer::Failed(Failure::DeviceRefused))
        }
        "CommandFormatError" => Some(Answer::Failed(Failure::MdmRefused)),
        _ => None,
    }
}

fn probed(of: CommandId, payload: &Dictionary) -> Option<OfCommand> {
    let info = payload.get("SecurityInfo").and_then(Value::as_dictionary)?;
    let has_passcode = info.get("PasscodePresent").and_then(Value::as_boolean)?;
    Some(if has_passcode {
        OfCommand::StillHasPasscode(of)
    } else {
        OfCommand::Answered(of, Answer::Done { passcode: None })
    })
}

/// Apple's numbers: its words may tell of the device.
fn error_codes(payload: &Dictionary) -> String {
    let chain = payload.get("ErrorChain").and_then(Value::as_array);
    let codes = chain
        .into_iter()
        .flatten()
        .filter_map(|link| link.as_dictionary()?.get("ErrorCode")?.as_signed_integer());
    codes.take(8).map(|code| code.to_string()).collect::<Vec<_>>().join(" ")
}

fn facts(of: &Dictionary) -> Facts {
    let text =
        |key: &str| of.get(key).and_then(Value::as_string).unwrap_or_default().chars().take(200).collect();
    Facts {
        serial: text("SerialNumber"),
        name: text("DeviceName"),
        model: text("ModelName"),
        product: text("ProductName"),
        version: text("OSVersion"),
    }
}

//! An answer about another device than the one that was asked for, as a proxy with a confused cache gives it.

use serde_json::{Map, Value};

use crate::http::Answer;
use crate::world::Kind;

/// Added to the numbers of Fleet.
const FAR: u64 = 1_000_000;
const OTHER: &str = "another-device";

pub(crate) fn about_another_device(kind: Kind, mut answer: Answer) -> Answer {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) {
        change(kind, &mut body);
        answer.body = body.to_string().into_bytes();
    }
    answer
}

fn change(kind: Kind, value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| change(kind, one)),
        Value::Object(object) => {
            if kind == Kind::NanoMdm {
                rename_enrolments(object);
            }
            for (key, one) in object.iter_mut() {
                if names_a_device(kind, key) {
                    replace(kind, one);
                }
                change(kind, one);
            }
        }
        _ => {}
    }
}

/// NanoMDM has the ids as the keys of `status`; without any, it now says something of an enrolment nobody named.
fn rename_enrolments(object: &mut Map<String, Value>) {
    if let Some(Value::Object(status)) = object.get_mut("status") {
        let first = status.values().next().cloned().unwrap_or_default();
        *status = Map::from_iter([(OTHER.to_owned(), first)]);
    } else if object.contains_key("command_uuid") {
        object.insert("command_uuid".to_owned(), OTHER.into());
    }
}

fn names_a_device(kind: Kind, key: &str) -> bool {
    match kind {
        Kind::Intune => matches!(key, "id" | "managedDeviceId" | "azureADDeviceId"),
        Kind::NanoMdm => false,
        Kind::Android => key == "name",
        Kind::Fleet => matches!(key, "id" | "host_id" | "uuid" | "host_uuid"),
    }
}

fn replace(kind: Kind, value: &mut Value) {
    *value = match (kind, &*value) {
        (Kind::Android, Value::String(name)) => other_name(name).into(),
        (_, Value::Number(number)) => (number.as_u64().unwrap_or_default() + FAR).into(),
        (_, Value::String(_)) => OTHER.into(),
        (_, other) => other.clone(),
    };
}

/// `enterprises/e/devices/d/operations/o` with another d.
fn other_name(name: &str) -> String {
    let mut parts: Vec<&str> = name.split('/').collect();
    if parts.len() > 3 && parts[2] == "devices" {
        parts[3] = OTHER;
    }
    parts.join("/")
}

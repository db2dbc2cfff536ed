//! Commands and the long-running operations they become.

use serde_json::{Value, json};

use super::{MINIMUM_LENGTH, device, failure};
use crate::http::{Answer, Request};
use crate::phone::Ready;
use crate::seat::{Record, State, Task};
use crate::time::rfc3339;
use crate::world::World;

/// Ten minutes, when the command sets none: an offline phone then never gets it.
const DEFAULT_DURATION_MS: i64 = 600_000;
const RESET: &str = "RESET_PASSWORD";
const FIELDS: [&str; 5] = ["type", "newPassword", "resetPasswordFlags", "duration", "userName"];
const FLAGS: [&str; 3] = ["REQUIRE_ENTRY", "DO_NOT_ASK_CREDENTIALS_ON_BOOT", "LOCK_NOW"];

pub(super) fn issue(world: &mut World, request: &Request, id: &str) -> Result<Answer, u16> {
    let at = world.find(id).ok_or(404_u16)?;
    let command: Value = serde_json::from_slice(&request.body).map_err(|_| 400_u16)?;
    let duration = match check(&command) {
        Ok(duration) => duration,
        Err(reason) => return Ok(failure(400, "INVALID_ARGUMENT", &reason)),
    };
    let (operation, now) = (world.uuid(), world.now());
    world.seats[at].issue(operation.clone(), Task::Android(command), now, Some(now + duration));
    get(world, id, &operation)
}

/// The duration in milliseconds, or why Google takes none of it.
fn check(command: &Value) -> Result<i64, String> {
    let fields = command.as_object().ok_or("Invalid JSON payload received.")?;
    if let Some(unknown) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(format!("Invalid JSON payload received. Unknown name \"{unknown}\": Cannot find field."));
    }
    let kind = command["type"].as_str().unwrap_or_default();
    if !["LOCK", "REBOOT", RESET].contains(&kind) {
        return Err("Command type is not supported.".to_owned());
    }
    if kind == RESET {
        check_password(command)?;
    }
    match command.get("duration") {
        None => Ok(DEFAULT_DURATION_MS),
        Some(duration) => milliseconds(duration).ok_or_else(|| "Illegal duration.".to_owned()),
    }
}

/// An empty password takes the lock away, and then there is nothing to enter and nothing to lock with.
fn check_password(command: &Value) -> Result<(), String> {
    let password =
        command.get("newPassword").map_or(Some(""), Value::as_str).ok_or("newPassword is no string")?;
    let no_flags = Vec::new();
    let flags = command.get("resetPasswordFlags").map_or(Some(&no_flags), Value::as_array);
    let flags = flags.ok_or("resetPasswordFlags is no list")?;
    if !flags.iter().all(|flag| flag.as_str().is_some_and(|flag| FLAGS.contains(&flag))) {
        return Err("Invalid value at 'reset_password_flags'.".to_owned());
    }
    if password.is_empty() && !flags.is_empty() {
        return Err("Reset password flags need a new password.".to_owned());
    }
    Ok(())
}

/// `604800s`, also with a fraction.
fn milliseconds(duration: &Value) -> Option<i64> {
    let text = duration.as_str()?.strip_suffix('s')?;
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let thousandths: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let all = seconds.parse::<i64>().ok()?.checked_mul(1000)? + thousandths;
    (all > 0).then_some(all)
}

fn found(world: &mut World, id: &str, operation: &str) -> Result<(usize, usize), u16> {
    let (at, now) = (world.find(id).ok_or(404_u16)?, world.now());
    world.seats[at].expire(now);
    let record = world.seats[at].records.iter().position(|record| record.id == operation).ok_or(404_u16)?;
    Ok((at, record))
}

pub(super) fn get(world: &mut World, id: &str, operation: &str) -> Result<Answer, u16> {
    let (at, record) = found(world, id, operation)?;
    Ok(Answer::json(200, &shown(id, &world.seats[at].records[record])))
}

pub(super) fn list(world: &mut World, id: &str) -> Result<Answer, u16> {
    let (at, now) = (world.find(id).ok_or(404_u16)?, world.now());
    world.seats[at].expire(now);
    let all: Vec<Value> = world.seats[at].records.iter().map(|record| shown(id, record)).collect();
    Ok(Answer::json(200, &json!({ "operations": all })))
}

/// Best effort, as with every long-running operation: one that is done stays what it is.
pub(super) fn cancel(world: &mut World, id: &str, operation: &str) -> Result<Answer, u16> {
    let (at, record) = found(world, id, operation)?;
    let now = world.now();
    let record = &mut world.seats[at].records[record];
    if record.is_open() {
        record.close(State::Cancelled, now);
    }
    Ok(Answer::json(200, &json!({})))
}

fn shown(id: &str, record: &Record) -> Value {
    let Task::Android(command) = &record.task else { unreachable!("only commands are issued here") };
    let mut metadata = command.clone();
    metadata["@type"] = "type.googleapis.com/google.android.devicemanagement.v1.Command".into();
    metadata["createTime"] = rfc3339(record.issued).into();
    let until = record.until.unwrap_or(record.issued);
    metadata["duration"] = format!("{}s", (until - record.issued) / 1000).into();
    if let State::Failed(code) = record.state {
        metadata["errorCode"] = code.into();
    }
    let mut operation = json!({ "name": format!("{}/operations/{}", device::name(id), record.id) });
    let outcome = match record.state {
        State::Waiting | State::NotNow => None,
        State::Done(_) => Some(("response", metadata.clone())),
        State::Failed(code) => {
            Some(("error", json!({ "code": 9, "message": format!("Command failed: {code}") })))
        }
        State::Expired => Some(("error", json!({ "code": 4, "message": "DEADLINE_EXCEEDED" }))),
        State::Cancelled | State::Cleared => Some(("error", json!({ "code": 1, "message": "CANCELLED" }))),
    };
    operation["metadata"] = metadata;
    if let Some((name, value)) = outcome {
        operation["done"] = true.into();
        operation[name] = value;
    }
    operation
}

/// The phone does it. It stays pending while the phone puts it off: there is no NotNow here.
pub(crate) fn execute(world: &mut World, at: usize, record: usize) {
    let now = world.now();
    let seat = &mut world.seats[at];
    if seat.not_now {
        return;
    }
    let Task::Android(command) = &seat.records[record].task else {
        unreachable!("only commands are issued here")
    };
    let is_reset = command["type"] == RESET;
    let password = command["newPassword"].as_str().unwrap_or_default().to_owned();
    let state = match why_not(seat.phone.ready, &password).filter(|_| is_reset) {
        _ if seat.refuses => State::Failed("UNKNOWN"),
        Some(code) => State::Failed(code),
        None => State::Done(None),
    };
    if is_reset && state == State::Done(None) {
        seat.reset(record, (!password.is_empty()).then_some(password));
    }
    seat.records[record].close(state, now);
}

/// The command's own error codes. Every password has to be as long as the policy says, and Android 14 takes no
/// number of less than six digits anyway.
fn why_not(ready: Ready, password: &str) -> Option<&'static str> {
    let length = password.chars().count();
    match ready {
        Ready::Old => Some("API_LEVEL"),
        Ready::NoToken => Some("UNKNOWN"),
        _ if length < MINIMUM_LENGTH => Some("INVALID_VALUE"),
        _ => None,
    }
}

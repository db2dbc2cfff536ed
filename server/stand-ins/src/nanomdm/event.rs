//! The events of NanoMDM's webhook.

use plist::{Dictionary, Value as Plist};
use serde_json::{Value, json};

use crate::keys::base64;
use crate::time::rfc3339;
use crate::world::World;

pub(super) const TOPIC: &str = "com.apple.mgmt.External.3f2f1d6e-8d5e-4c39-9f0e-2a9b6c3f1e77";

pub(super) fn check_in(
    world: &mut World,
    id: &str,
    topic: &str,
    payload: Dictionary,
    tally: Option<u64>,
) -> Value {
    let mut event = envelope(world, topic);
    event["checkin_event"] = json!({
        "ids": { "id": id, "type": "Device" },
        "udid": id,
        "raw_payload": raw(payload),
    });
    if let Some(tally) = tally {
        event["checkin_event"]["token_update_tally"] = tally.into();
    }
    event
}

/// Its status and the command it is about, if any, are those of the payload.
pub(super) fn acknowledge(world: &mut World, id: &str, topic: &str, payload: Dictionary) -> Value {
    let text = |name: &str| payload.get(name).and_then(Plist::as_string).map(str::to_owned);
    let (status, command) = (text("Status"), text("CommandUUID"));
    let mut event = envelope(world, topic);
    event["acknowledge_event"] = json!({
        "ids": { "id": id, "type": "Device" },
        "udid": id,
        "status": status.unwrap_or_else(|| "Idle".to_owned()),
        "raw_payload": raw(payload),
    });
    if let Some(command) = command {
        event["acknowledge_event"]["command_uuid"] = command.into();
    }
    event
}

fn envelope(world: &mut World, topic: &str) -> Value {
    json!({ "topic": topic, "event_id": world.uuid(), "created_at": rfc3339(world.now()) })
}

fn raw(payload: Dictionary) -> String {
    let mut xml = Vec::new();
    Plist::Dictionary(payload).to_writer_xml(&mut xml).unwrap();
    base64(&xml)
}

/// An event that a test posts itself: what the phone would say, with `more` of it added or put in its place.
pub(crate) fn by_hand(world: &mut World, topic: &str, id: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let at = world.at(id);
    let mut payload = match topic {
        "mdm.Authenticate" => super::apple::authenticate(&world.seats[at]),
        "mdm.TokenUpdate" => super::apple::token_update(&world.seats[at]),
        "mdm.CheckOut" => super::apple::about(&world.seats[at], "CheckOut"),
        _ => Dictionary::from_iter([("UDID", id)]),
    };
    for (key, value) in more {
        payload.insert((*key).to_owned(), Plist::from(*value));
    }
    let tally = (topic == "mdm.TokenUpdate").then(|| world.seats[at].token_updates);
    let event = match topic {
        "mdm.Connect" => acknowledge(world, id, topic, payload),
        _ => check_in(world, id, topic, payload, tally),
    };
    event.to_string().into_bytes()
}

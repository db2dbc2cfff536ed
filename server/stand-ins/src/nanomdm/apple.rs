//! An Apple device: how it enrols, connects and answers commands.

use plist::{Dictionary, Value as Plist};

use super::event;
use crate::http::Entry;
use crate::phone::System;
use crate::seat::{Passcode, Seat, State, Task};
use crate::world::World;

/// Authenticate, then TokenUpdate: so begins every enrolment, and it clears the queue.
pub(crate) fn enrol(world: &mut World, at: usize) {
    let now = world.now();
    let seat = &mut world.seats[at];
    seat.clear(now);
    seat.token_updates = 0;
    let (id, payload) = (seat.phone.id.clone(), authenticate(seat));
    let event = event::check_in(world, &id, "mdm.Authenticate", payload, None);
    world.outbox.put(event.to_string().into_bytes());
    update_token(world, at);
}

pub(crate) fn update_token(world: &mut World, at: usize) {
    let seat = &mut world.seats[at];
    seat.token_updates += 1;
    let (id, tally, payload) = (seat.phone.id.clone(), seat.token_updates, token_update(seat));
    let event = event::check_in(world, &id, "mdm.TokenUpdate", payload, Some(tally));
    world.outbox.put(event.to_string().into_bytes());
}

pub(crate) fn check_out(world: &mut World, at: usize) {
    let (id, payload) = (world.seats[at].phone.id.clone(), about(&world.seats[at], "CheckOut"));
    let event = event::check_in(world, &id, "mdm.CheckOut", payload, None);
    world.outbox.put(event.to_string().into_bytes());
}

pub(super) fn about(seat: &Seat, message: &str) -> Dictionary {
    Dictionary::from_iter([
        ("MessageType", Plist::from(message)),
        ("Topic", event::TOPIC.into()),
        ("UDID", seat.phone.id.as_str().into()),
    ])
}

pub(super) fn authenticate(seat: &Seat) -> Dictionary {
    let mut payload = about(seat, "Authenticate");
    for name in ["DeviceName", "ModelName", "ProductName", "OSVersion", "SerialNumber"] {
        payload.insert(name.to_owned(), fact(seat, name).unwrap_or(Plist::Boolean(false)));
    }
    payload
}

pub(super) fn token_update(seat: &Seat) -> Dictionary {
    let mut payload = about(seat, "TokenUpdate");
    payload.insert("PushMagic".to_owned(), format!("magic-{}", seat.phone.id).into());
    payload.insert("Token".to_owned(), Plist::Data(seat.phone.id.as_bytes().to_vec()));
    payload.insert("AwaitingConfiguration".to_owned(), false.into());
    if seat.tells_token {
        payload.insert("UnlockToken".to_owned(), Plist::Data(seat.unlock_token.clone()));
    }
    payload
}

/// What the device knows of itself, by the names of `DeviceInformation`.
fn fact(seat: &Seat, name: &str) -> Option<Plist> {
    let mac = seat.phone.system == System::MacOs;
    let either = |phone: &str, on_mac: &str| Some(Plist::from(if mac { on_mac } else { phone }));
    match name {
        "DeviceName" => Some(seat.phone.name.as_str().into()),
        "ModelName" => either("iPhone", "MacBook Air"),
        "Model" => either("MLPF3", "MLXW3"),
        "ProductName" => either("iPhone14,5", "Mac14,2"),
        "OSVersion" => either("17.5.1", "14.5"),
        "BuildVersion" => either("21F90", "23F79"),
        "SerialNumber" => Some(seat.phone.serial.as_str().into()),
        "UDID" => Some(seat.phone.id.as_str().into()),
        "IsSupervised" => Some(true.into()),
        "BatteryLevel" => Some(Plist::Real(0.8)),
        _ => None,
    }
}

/// An idle poll, which is an event as well.
pub(crate) fn idle(world: &mut World, at: usize) {
    say(world, at, Dictionary::from_iter([("Status", "Idle")]));
}

/// The device comes to ask, and answers command after command until it has seen all.
pub(crate) fn connect(world: &mut World, at: usize, due: &[usize]) {
    if due.is_empty() {
        return;
    }
    idle(world, at);
    for record in due {
        let mut answer = obey(world, at, *record);
        let id = world.seats[at].records[*record].id.clone();
        answer.insert("CommandUUID".to_owned(), id.into());
        say(world, at, answer);
    }
}

fn say(world: &mut World, at: usize, mut payload: Dictionary) {
    let id = world.seats[at].phone.id.clone();
    payload.insert("UDID".to_owned(), id.as_str().into());
    let event = event::acknowledge(world, &id, "mdm.Connect", payload);
    world.outbox.put(event.to_string().into_bytes());
}

fn obey(world: &mut World, at: usize, record: usize) -> Dictionary {
    let now = world.now();
    let seat = &mut world.seats[at];
    let Task::Apple(command) = &seat.records[record].task else {
        unreachable!("NanoMDM queues nothing else")
    };
    let command = command.clone();
    if seat.not_now {
        seat.records[record].close(State::NotNow, now);
        return status("NotNow");
    }
    let answer =
        if seat.refuses { refusal(12_021, "The device refuses.") } else { run(seat, record, &command) };
    let acknowledged = answer.get("Status").and_then(Plist::as_string) == Some("Acknowledged");
    let state = if acknowledged { State::Done(None) } else { State::Failed("Error") };
    seat.records[record].close(state, now);
    let tried = command.get("UnlockToken").and_then(Plist::as_data);
    if tried.is_some_and(|token| token != seat.unlock_token) {
        note_wrong_token(world, at);
    }
    answer
}

fn run(seat: &mut Seat, record: usize, command: &Dictionary) -> Dictionary {
    let mut answer = status("Acknowledged");
    match command.get("RequestType").and_then(Plist::as_string).unwrap_or_default() {
        "ClearPasscode" => return clear_passcode(seat, record, command),
        "SecurityInfo" => {
            answer.insert("SecurityInfo".to_owned(), security_info(seat));
        }
        "DeviceInformation" => {
            answer.insert("QueryResponses".to_owned(), query_responses(seat, command));
        }
        "DeviceLock" | "EraseDevice" | "RemoveProfile" | "RestartDevice" => {}
        _ => return status("CommandFormatError"),
    }
    answer
}

/// Only the newest token opens it: an older one, or none, is a wrong one.
fn clear_passcode(seat: &mut Seat, record: usize, command: &Dictionary) -> Dictionary {
    if seat.phone.system != System::Ios {
        return refusal(12_021, "ClearPasscode is not a valid command for this device.");
    }
    let token = command.get("UnlockToken").and_then(Plist::as_data);
    if token != Some(seat.unlock_token.as_slice()) {
        return refusal(12_067, "The unlock token is not valid.");
    }
    seat.reset(record, None);
    status("Acknowledged")
}

fn security_info(seat: &Seat) -> Plist {
    let present = seat.passcode != Passcode::None;
    Plist::Dictionary(Dictionary::from_iter([
        ("HardwareEncryptionCaps", Plist::from(3_u64)),
        ("PasscodePresent", present.into()),
        ("PasscodeCompliant", present.into()),
        ("PasscodeCompliantWithProfiles", present.into()),
    ]))
}

fn query_responses(seat: &Seat, command: &Dictionary) -> Plist {
    let asked = command.get("Queries").and_then(Plist::as_array).cloned().unwrap_or_default();
    let names = asked.iter().filter_map(Plist::as_string);
    Plist::Dictionary(names.filter_map(|name| Some((name, fact(seat, name)?))).collect())
}

fn status(status: &str) -> Dictionary {
    Dictionary::from_iter([("Status", status)])
}

fn refusal(code: u64, text: &str) -> Dictionary {
    let link = Dictionary::from_iter([
        ("ErrorCode", Plist::from(code)),
        ("ErrorDomain", "MCMDMErrorDomain".into()),
        ("LocalizedDescription", text.into()),
        ("USEnglishDescription", text.into()),
    ]);
    let mut answer = status("Error");
    answer.insert("ErrorChain".to_owned(), Plist::Array(vec![Plist::Dictionary(link)]));
    answer
}

/// It could make a real device erase itself, so it stands in the journal among the requests.
fn note_wrong_token(world: &mut World, at: usize) {
    let seat = &mut world.seats[at];
    seat.wrong_tokens += 1;
    world.journal.push(Entry {
        method: "NOTE".to_owned(),
        path: format!("/wrong-unlock-token/{}", seat.phone.id),
        headers: std::collections::BTreeMap::new(),
        body: "the device was tried with a wrong unlock token".to_owned(),
        status: 0,
    });
}

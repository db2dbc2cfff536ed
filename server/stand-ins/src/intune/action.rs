//! Actions on a device: accepted with 204, done by the phone later, and told only by the device's results.

use serde_json::{Value, json};

use super::error;
use crate::http::Answer;
use crate::phone::{Phone, Ready, System};
use crate::seat::{Record, Seat, State, Task};
use crate::time::rfc3339;
use crate::world::World;

const RESET: &str = "resetPasscode";
/// What a device that cannot do it reports.
const DEVICE_REFUSED: i64 = -2_016_330_908;
const ACTIONS: [&str; 3] = [RESET, "remoteLock", "syncDevice"];

pub(super) fn answer(world: &mut World, id: &str, action: &str) -> Answer {
    let Some(action) = ACTIONS.into_iter().find(|known| *known == action) else { return error(world, 400) };
    let Some(at) = world.find(id) else { return error(world, 404) };
    if action == RESET && !takes_reset(&world.seats[at].phone) {
        return error(world, 400);
    }
    let now = world.now();
    let seat = &mut world.seats[at];
    let running_number = (seat.records.len() + 1).to_string();
    seat.issue(running_number, Task::Action(action), now, None);
    Answer::empty(204)
}

fn takes_reset(phone: &Phone) -> bool {
    match phone.system {
        System::MacOs | System::Windows => false,
        System::Android | System::Ios if phone.ready == Ready::Old => false,
        System::Ios => phone.ready != Ready::Personal,
        _ => true,
    }
}

/// The phone does it. It stays pending while the phone puts it off: there is no NotNow here.
pub(crate) fn execute(world: &mut World, at: usize, record: usize) {
    let (now, seed) = (world.now(), world.bytes());
    let seat = &mut world.seats[at];
    if seat.not_now {
        return;
    }
    let is_reset = matches!(seat.records[record].task, Task::Action(RESET));
    if seat.refuses || (is_reset && seat.phone.ready == Ready::NoToken) {
        return seat.records[record].close(State::Failed("failed"), now);
    }
    let passcode = if is_reset { made_for(seat.phone.system, &seed) } else { None };
    if is_reset {
        seat.reset(record, passcode.clone());
    }
    seat.records[record].close(State::Done(passcode), now);
}

/// What Intune makes: none on iOS, where the passcode is removed.
fn made_for(system: System, seed: &[u8; 32]) -> Option<String> {
    let pick = |alphabet: &[u8], byte: u8| char::from(alphabet[usize::from(byte) % alphabet.len()]);
    let (letters, digits) =
        (b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ".as_slice(), b"23456789".as_slice());
    match system {
        System::Ios => None,
        System::WindowsPhone81 => Some(seed[..6].iter().map(|byte| pick(digits, *byte)).collect()),
        _ => Some(
            seed[..8].iter().enumerate().map(|(n, byte)| pick([letters, digits][n % 2], *byte)).collect(),
        ),
    }
}

/// The newest entry of each action: an older one is overwritten, even when the phone has yet to do it.
pub(super) fn results(seat: &Seat) -> Vec<Value> {
    let newest = |action: &&str| {
        let same = |record: &&Record| matches!(record.task, Task::Action(name) if name == *action);
        Some(result(action, seat.records.iter().rev().find(same)?))
    };
    ACTIONS.iter().filter_map(newest).collect()
}

fn result(action: &str, record: &Record) -> Value {
    let mut result = json!({
        "@odata.type": "#microsoft.graph.deviceActionResult",
        "actionName": action,
        "actionState": state(&record.state),
        "startDateTime": rfc3339(record.issued),
        "lastUpdatedDateTime": rfc3339(record.changed),
    });
    if action == RESET {
        let failed = matches!(record.state, State::Failed(_));
        result["@odata.type"] = "#microsoft.graph.resetPasscodeActionResult".into();
        result["passcode"] = passcode(&record.state).into();
        result["errorCode"] = if failed { DEVICE_REFUSED } else { 0 }.into();
    }
    result
}

fn passcode(state: &State) -> Option<String> {
    match state {
        State::Done(passcode) => passcode.clone(),
        _ => None,
    }
}

fn state(state: &State) -> &'static str {
    match state {
        State::Waiting | State::NotNow => "pending",
        State::Done(_) => "done",
        State::Failed(_) => "failed",
        State::Cancelled | State::Expired | State::Cleared => "canceled",
    }
}

//! Fleet's REST API: hosts, whose they are, and clearing their passcodes.

use serde_json::{Value, json};

use crate::http::{Answer, Request};
use crate::keys::base64;
use crate::phone::{Phone, Ready, System};
use crate::seat::{NOTICES_AFTER_MS, Record, Seat, State, Task};
use crate::time::rfc3339;
use crate::world::World;

pub(crate) fn answer(world: &mut World, request: &Request) -> Answer {
    let expected = world.credentials.secret.as_str();
    if world.credentials_wrong || request.bearer() != Some(expected) {
        return error(401);
    }
    if world.forbid {
        return error(403);
    }
    let parts = request.parts();
    let ["api", "v1" | "latest", "fleet", rest @ ..] = parts.as_slice() else { return error(404) };
    match (request.method.as_str(), rest) {
        ("GET", ["hosts"]) => list(world, request),
        ("GET", ["hosts", id]) => {
            with_host(world, id, |world, at| Answer::json(200, &json!({ "host": host(world, at) })))
        }
        ("GET", ["hosts", id, "device_mapping"]) => with_host(world, id, device_mapping),
        ("POST", ["hosts", id, "clear_passcode"]) => with_host(world, id, clear_passcode),
        ("GET", ["commands", "results"]) => results(world, request.query("command_uuid").unwrap_or_default()),
        _ => error(404),
    }
}

pub(crate) fn error(status: u16) -> Answer {
    let (message, reason) = match status {
        400 => ("Bad request", "Bad request"),
        401 => ("Authentication required", "Authentication required"),
        403 => ("Forbidden", "forbidden"),
        404 => ("Resource Not Found", "The resource was not found in the datastore"),
        429 => ("limit exceeded, retry after: 1s", "limit exceeded"),
        _ => ("Internal Server Error", "internal error"),
    };
    failure(status, message, reason)
}

fn failure(status: u16, message: &str, reason: &str) -> Answer {
    let errors = json!([{ "name": "base", "reason": reason }]);
    Answer::json(
        status,
        &json!({ "message": message, "errors": errors, "uuid": "4c9d1c9a-5d0f-4b1e-8a58-0c1b1b7d5a11" }),
    )
    .with("content-type", "application/json; charset=utf-8")
}

fn with_host(world: &mut World, id: &str, then: impl FnOnce(&mut World, usize) -> Answer) -> Answer {
    if id.parse::<u64>().is_err() {
        return error(400);
    }
    match world.find(id) {
        Some(at) => then(world, at),
        None => failure(404, "Resource Not Found", &format!("Host {id} was not found in the datastore")),
    }
}

/// A search, not a test of who owns what: it matches parts of names, serials and e-mail addresses of anybody.
fn list(world: &World, request: &Request) -> Answer {
    let wanted = request.query("query").unwrap_or_default().to_lowercase();
    let number =
        |name: &str, default: usize| request.query(name).map_or(Some(default), |text| text.parse().ok());
    let (Some(page), Some(per_page)) = (number("page", 0), number("per_page", 20)) else { return error(400) };
    let matches = |seat: &&Seat| {
        let phone = &seat.phone;
        let texts = [&phone.name, &phone.email, &phone.serial, &uuid(phone)].map(|text| text.to_lowercase());
        !seat.retired && texts.iter().any(|text| text.contains(&wanted))
    };
    let found = world.seats.iter().filter(matches).map(|seat| host_of(world, seat));
    let hosts: Vec<Value> = found.skip(page.saturating_mul(per_page)).take(per_page).collect();
    Answer::json(200, &json!({ "hosts": hosts }))
}

fn uuid(phone: &Phone) -> String {
    format!("uuid-of-{}", phone.id)
}

fn platform(phone: &Phone) -> &'static str {
    match phone.system {
        System::Android => "android",
        System::Ios => "ios",
        System::MacOs => "darwin",
        System::Windows | System::Windows10Mobile | System::WindowsPhone81 => "windows",
    }
}

fn host(world: &World, at: usize) -> Value {
    let seat = &world.seats[at];
    let mut host = host_of(world, seat);
    host["end_users"] = match seat.phone.email.as_str() {
        "" => json!([]),
        email => json!([{ "idp_username": email, "other_emails": [] }]),
    };
    host
}

fn host_of(world: &World, seat: &Seat) -> Value {
    let phone = &seat.phone;
    let (maker, model, version) = match phone.system {
        System::Android => ("Google", "Pixel 8", "Android 14"),
        System::Ios => ("Apple Inc.", "iPhone14,5", "iOS 17.5.1"),
        System::MacOs => ("Apple Inc.", "Mac14,2", "macOS 14.5"),
        _ => ("Dell Inc.", "Latitude 5440", "Windows 11 Pro"),
    };
    let enrolment = if phone.ready == Ready::Personal { "On (personal)" } else { "On (automatic)" };
    json!({
        "id": phone.id.parse::<u64>().unwrap_or_default(),
        "uuid": uuid(phone),
        "hostname": phone.name,
        "display_name": phone.name,
        "computer_name": phone.name,
        "platform": platform(phone),
        "os_version": version,
        "hardware_vendor": maker,
        "hardware_model": model,
        "hardware_serial": phone.serial,
        "status": if seat.online { "online" } else { "offline" },
        "seen_time": rfc3339(world.now()),
        "team_id": null,
        "mdm": {
            "enrollment_status": enrolment,
            "server_url": format!("{}/mdm/apple/mdm", world.url),
            "name": "Fleet",
            "connected_to_fleet": true,
            "device_status": "unlocked",
            "pending_action": seat.pending_action,
        },
    })
}

/// `null` rather than an empty list when nobody is known, as Go writes a list that was never made.
fn device_mapping(world: &mut World, at: usize) -> Answer {
    let phone = &world.seats[at].phone;
    let mapping = match phone.email.as_str() {
        "" => Value::Null,
        email => {
            email.split(',').map(|email| json!({ "email": email, "source": "mdm_idp_accounts" })).collect()
        }
    };
    Answer::json(
        200,
        &json!({ "host_id": phone.id.parse::<u64>().unwrap_or_default(), "device_mapping": mapping }),
    )
}

fn clear_passcode(world: &mut World, at: usize) -> Answer {
    if let Some(reason) = refusal(&world.seats[at]) {
        return failure(422, "Validation Failed", reason);
    }
    let (command, now) = (world.uuid(), world.now());
    let seat = &mut world.seats[at];
    seat.issue(command.clone(), Task::Clear, now, None);
    let body = json!({
        "command_uuid": command,
        "request_type": request_type(&seat.phone),
        "platform": platform(&seat.phone),
    });
    Answer::json(200, &body)
}

fn request_type(phone: &Phone) -> &'static str {
    if phone.system == System::Android { "RESET_PASSWORD" } else { "ClearPasscode" }
}

fn refusal(seat: &Seat) -> Option<&'static str> {
    let phone = &seat.phone;
    match seat.pending_action.as_str() {
        "wipe" => return Some("Host has a pending wipe request."),
        "" => {}
        _ => return Some("Host is in Lost Mode."),
    }
    match (phone.system, phone.ready) {
        (System::Ios | System::Android, Ready::Personal) => {
            Some("Clearing a passcode is not supported for personal enrollment.")
        }
        (System::Ios, Ready::NoToken) => Some("Host has no unlock token."),
        (System::Ios | System::Android, _) => None,
        _ => Some("Clearing a passcode is supported only on iOS, iPadOS and Android hosts."),
    }
}

fn results(world: &World, command: &str) -> Answer {
    let of = |seat: &Seat| seat.records.iter().position(|record| record.id == command);
    let Some((seat, at)) = world.seats.iter().find_map(|seat| Some((seat, of(seat)?))) else {
        return failure(404, "Resource Not Found", "Command was not found in the datastore");
    };
    let record = &seat.records[at];
    // Nothing is known of a command at first, not even that it is pending.
    if record.state == State::Waiting && world.now() - record.issued < NOTICES_AFTER_MS {
        return Answer::json(200, &json!({}));
    }
    Answer::json(200, &json!({ "results": [result(&seat.phone, record)] }))
}

fn result(phone: &Phone, record: &Record) -> Value {
    let status = match record.state {
        State::Waiting | State::Cancelled | State::Expired | State::Cleared => "Pending",
        State::NotNow => "NotNow",
        State::Done(_) => "Acknowledged",
        State::Failed(_) => "Error",
    };
    let plist = |text: String| base64(text.as_bytes());
    let answered = if status == "Pending" {
        String::new()
    } else {
        plist(xml(&format!(
            "<key>CommandUUID</key><string>{}</string><key>Status</key><string>{status}</string>",
            record.id
        )))
    };
    let kind = request_type(phone);
    json!({
        "host_uuid": uuid(phone),
        "command_uuid": record.id,
        "status": status,
        "updated_at": rfc3339(record.changed),
        "request_type": kind,
        "hostname": phone.name,
        "payload": plist(xml(&format!("<key>Command</key><dict><key>RequestType</key><string>{kind}</string></dict>"))),
        "result": answered,
    })
}

fn xml(inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>{inside}</dict></plist>\n"
    )
}

/// The phone does it: on Android too there is no passcode afterwards, for the one that is set is empty.
pub(crate) fn execute(world: &mut World, at: usize, record: usize) {
    let now = world.now();
    let seat = &mut world.seats[at];
    if seat.not_now {
        // Google's protocol, on which Fleet's Android stands, has no NotNow.
        if seat.phone.system.is_apple() {
            seat.records[record].close(State::NotNow, now);
        }
        return;
    }
    let state = if seat.refuses { State::Failed("Error") } else { State::Done(None) };
    if state == State::Done(None) {
        seat.reset(record, None);
    }
    seat.records[record].close(state, now);
}

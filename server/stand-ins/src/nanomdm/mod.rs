//! NanoMDM: the API, which queues and pushes, and nothing more.

mod apple;
mod event;

use plist::Value as Plist;
use serde_json::{Map, Value, json};

use crate::http::{Answer, Request};
use crate::keys::base64;
use crate::seat::Task;
use crate::world::World;

pub(crate) use apple::{check_out, connect, enrol, idle, update_token};
pub(crate) use event::by_hand;

pub(crate) fn answer(world: &mut World, request: &Request) -> Answer {
    let parts = request.parts();
    if let ("GET", ["version"]) = (request.method.as_str(), parts.as_slice()) {
        return Answer::json(200, &json!({ "version": "v0.8.0" }));
    }
    let expected = format!("Basic {}", base64(format!("nanomdm:{}", world.credentials.secret).as_bytes()));
    if world.credentials_wrong || request.header("authorization") != Some(expected.as_str()) {
        return error(401);
    }
    if world.forbid {
        return error(403);
    }
    match (request.method.as_str(), parts.as_slice()) {
        ("PUT", ["v1", "enqueue", ids]) => enqueue(world, request, ids),
        ("GET" | "PUT", ["v1", "push", _]) => Answer::json(500, &json!({ "push_error": NO_APNS })),
        ("PUT" | "GET" | "POST", ["v1", "enqueue" | "push", ..]) => error(405),
        _ => error(404),
    }
}

/// APNs is out of reach on loopback; the phones come by themselves.
const NO_APNS: &str =
    "Post \"https://api.push.apple.com/3/device\": dial tcp: lookup api.push.apple.com: no such host";

/// Plain text, as Go's `http.Error` writes it.
pub(crate) fn error(status: u16) -> Answer {
    let text = match status {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "404 page not found",
        405 => "Method Not Allowed",
        429 => "Too Many Requests",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    };
    let answer = Answer::text(status, "text/plain; charset=utf-8", format!("{text}\n"));
    if status == 401 { answer.with("www-authenticate", "Basic realm=\"nanomdm\"") } else { answer }
}

fn enqueue(world: &mut World, request: &Request, ids: &str) -> Answer {
    let no_push =
        request.query("nopush").is_some_and(|value| !value.is_empty() && value != "0" && value != "false");
    let command = match parsed(&request.body) {
        Ok(command) => command,
        Err(reason) => return Answer::json(500, &json!({ "command_error": reason })),
    };
    let mut body = Map::from_iter([
        ("command_uuid".to_owned(), Value::from(command.uuid.clone())),
        ("request_type".to_owned(), Value::from(command.request_type.clone())),
    ]);
    if no_push {
        body.insert("no_push".to_owned(), true.into());
    }
    // The CommandUUID is the key of the store: it takes none twice, not even after it was acknowledged.
    if !world.command_uuids.insert(command.uuid.clone()) {
        body.insert("command_error".to_owned(), "command already exists".into());
        return Answer::json(500, &body.into());
    }
    queue(world, ids, &command);
    if no_push {
        return Answer::json(200, &body.into());
    }
    // It is queued all the same: only the push failed.
    body.insert("push_error".to_owned(), NO_APNS.into());
    Answer::json(500, &body.into())
}

/// An enrolment that it does not know is none of its business.
fn queue(world: &mut World, ids: &str, command: &Command) {
    let now = world.now();
    for id in ids.split(',') {
        if let Some(at) = world.find(id) {
            world.seats[at].issue(command.uuid.clone(), Task::Apple(command.content.clone()), now, None);
        }
    }
}

struct Command {
    uuid: String,
    request_type: String,
    content: plist::Dictionary,
}

fn parsed(body: &[u8]) -> Result<Command, String> {
    let plist = Plist::from_reader_xml(body).map_err(|error| format!("decoding command: {error}"))?;
    let plist = plist.into_dictionary().ok_or("decoding command: not a dictionary")?;
    let uuid = plist.get("CommandUUID").and_then(Plist::as_string).filter(|uuid| !uuid.is_empty());
    let uuid = uuid.ok_or("decoding command: empty CommandUUID")?.to_owned();
    let content = plist.get("Command").and_then(Plist::as_dictionary).cloned();
    let content = content.ok_or("decoding command: empty Command")?;
    let request_type = content.get("RequestType").and_then(Plist::as_string).filter(|name| !name.is_empty());
    let request_type = request_type.ok_or("decoding command: empty RequestType")?.to_owned();
    Ok(Command { uuid, request_type, content })
}

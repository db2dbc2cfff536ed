//! The Android Management API: the routes, and Google's errors.

mod auth;
mod command;
mod device;

use serde_json::{Value, json};

use crate::http::{Answer, Request};
use crate::world::World;

pub(crate) use command::execute;

pub(crate) const ENTERPRISE: &str = "LC00example";

/// Passwords on the device are at least this long, says the policy.
const MINIMUM_LENGTH: usize = 9;

pub(crate) fn answer(world: &mut World, request: &Request) -> Answer {
    let parts = request.parts();
    let method = request.method.as_str();
    if let ("POST", ["token"]) = (method, parts.as_slice()) {
        return auth::token(world, request);
    }
    if !auth::is_ours(world, request) {
        return error(401);
    }
    if world.forbid {
        return error(403);
    }
    let ["v1", "enterprises", enterprise, rest @ ..] = parts.as_slice() else { return error(404) };
    if *enterprise != ENTERPRISE {
        return error(403);
    }
    route(world, request, rest).unwrap_or_else(error)
}

/// `Err` is the status of a plain error.
fn route(world: &mut World, request: &Request, rest: &[&str]) -> Result<Answer, u16> {
    match (request.method.as_str(), rest) {
        ("GET", ["devices"]) => Ok(device::list(world, request)),
        ("GET", ["policies", policy]) => Ok(Answer::json(200, &device::policy(policy))),
        ("GET", ["devices", id]) => {
            let at = world.find(id).ok_or(404_u16)?;
            Ok(Answer::json(200, &device::device(world, at)))
        }
        ("POST", ["devices", verb]) => {
            let id = verb.strip_suffix(":issueCommand").ok_or(404_u16)?;
            command::issue(world, request, id)
        }
        ("GET", ["devices", id, "operations"]) => command::list(world, id),
        ("GET", ["devices", id, "operations", operation]) => command::get(world, id, operation),
        ("POST", ["devices", id, "operations", verb]) => {
            let operation = verb.strip_suffix(":cancel").ok_or(404_u16)?;
            command::cancel(world, id, operation)
        }
        _ => Err(404),
    }
}

pub(crate) fn error(status: u16) -> Answer {
    let (name, message) = match status {
        400 => ("INVALID_ARGUMENT", "Request contains an invalid argument."),
        401 => (
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials. Expected OAuth 2 access token.",
        ),
        403 => ("PERMISSION_DENIED", "The caller does not have permission"),
        404 => ("NOT_FOUND", "Requested entity was not found."),
        409 => ("ABORTED", "The operation was aborted."),
        429 => (
            "RESOURCE_EXHAUSTED",
            "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute'.",
        ),
        503 => ("UNAVAILABLE", "The service is currently unavailable."),
        504 => ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
        _ => ("INTERNAL", "Internal error encountered."),
    };
    failure(status, name, message)
}

fn failure(status: u16, name: &str, message: &str) -> Answer {
    let details: Value = match status {
        401 => json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "ACCESS_TOKEN_TYPE_UNSUPPORTED",
            "domain": "googleapis.com",
        }]),
        _ => json!([]),
    };
    let error = json!({ "code": status, "message": message, "status": name, "details": details });
    Answer::json(status, &json!({ "error": error })).with("content-type", "application/json; charset=UTF-8")
}

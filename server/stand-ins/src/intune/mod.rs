//! Microsoft Intune through Microsoft Graph: the login, the routes, and Graph's errors.

mod action;
mod collection;
mod device;
mod token;

use serde_json::{Value, json};

use crate::http::{Answer, Request};
use crate::time::rfc3339;
use crate::world::World;

pub(crate) use action::execute;

pub(crate) fn answer(world: &mut World, request: &Request) -> Answer {
    let parts = request.parts();
    if let ("POST", [tenant, "oauth2", "v2.0", "token"]) = (request.method.as_str(), parts.as_slice()) {
        return token::answer(world, request, tenant);
    }
    if !request.bearer().is_some_and(|token| world.knows_token(token)) {
        return error(world, 401);
    }
    if world.forbid {
        return error(world, 403);
    }
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["v1.0", "users", user, "managedDevices"]) => collection::of_user(world, request, user),
        ("GET", ["v1.0", "deviceManagement", "managedDevices"]) => collection::of_all(world, request),
        ("GET", ["v1.0", "deviceManagement", "managedDevices", id]) => device::answer(world, request, id),
        ("POST", ["v1.0", "deviceManagement", "managedDevices", id, action]) => {
            action::answer(world, id, action)
        }
        _ => failure(world, 400, "BadRequest", "Resource not found for the segment."),
    }
}

pub(crate) fn error(world: &mut World, status: u16) -> Answer {
    let (code, message) = match status {
        400 => ("BadRequest", intune_message("An error has occurred")),
        401 => ("InvalidAuthenticationToken", "Access token is empty, expired or not ours.".to_owned()),
        403 => ("Forbidden", intune_message("Application is not authorized to perform this operation.")),
        404 => ("ResourceNotFound", intune_message("An error has occurred: the device was not found")),
        409 => ("Conflict", intune_message("Another operation is in progress")),
        429 => ("TooManyRequests", "Too many requests. Retry later.".to_owned()),
        503 => ("ServiceUnavailable", "The service is temporarily unavailable.".to_owned()),
        504 => ("GatewayTimeout", "The gateway did not receive a response in time.".to_owned()),
        _ => ("UnknownError", String::new()),
    };
    failure(world, status, code, &message)
}

/// Intune's own part of Graph puts JSON into the message.
fn intune_message(message: &str) -> String {
    let nested = json!({
        "_version": 3,
        "Message": format!("{message} - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000 \
            - Activity ID: 3f2f1d6e-8d5e-4c39-9f0e-2a9b6c3f1e77 - Url: https://fef.example.invalid/StatelessDevice"),
        "CustomApiErrorPhrase": "",
        "RetryAfter": null,
        "ErrorSourceService": "",
        "HttpHeaders": "{}",
    });
    serde_json::to_string_pretty(&nested).unwrap()
}

fn failure(world: &mut World, status: u16, code: &str, message: &str) -> Answer {
    let (date, id) = (rfc3339(world.now()), world.uuid());
    let inner = json!({ "date": date, "request-id": id, "client-request-id": id });
    graph(status, &json!({ "error": { "code": code, "message": message, "innerError": inner } }))
}

fn graph(status: u16, body: &Value) -> Answer {
    Answer::json(status, body).with(
        "content-type",
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
    )
}

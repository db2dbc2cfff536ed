//! Devices and the policy that is applied to them.

use serde_json::{Value, json};

use super::{ENTERPRISE, MINIMUM_LENGTH, error};
use crate::http::{Answer, Request};
use crate::phone::{Phone, Ready};
use crate::seat::Passcode;
use crate::time::rfc3339;
use crate::world::World;

/// The server may return fewer than was asked for, and does.
const PAGE_AT_MOST: usize = 3;
const POLICY: &str = "default";

pub(super) fn list(world: &World, request: &Request) -> Answer {
    let asked: usize = match request.query("pageSize").map(str::parse) {
        None => 10,
        Some(Ok(size)) => size,
        Some(Err(_)) => return error(400),
    };
    let from = match request.query("pageToken").filter(|token| !token.is_empty()) {
        None => Some(0),
        Some(token) => token.strip_prefix("page-").and_then(|from| from.parse().ok()),
    };
    let Some(from) = from else { return error(400) };
    let there: Vec<usize> = (0..world.seats.len()).filter(|at| !world.seats[*at].retired).collect();
    let size = if asked == 0 { PAGE_AT_MOST } else { asked.min(PAGE_AT_MOST) };
    let shown: Vec<Value> = there.iter().skip(from).take(size).map(|at| device(world, *at)).collect();
    // As Google does: an empty list is left out altogether.
    let mut body = if shown.is_empty() { json!({}) } else { json!({ "devices": shown }) };
    if from + size < there.len() {
        body["nextPageToken"] = format!("page-{}", from + size).into();
    }
    Answer::json(200, &body)
}

pub(super) fn name(id: &str) -> String {
    format!("enterprises/{ENTERPRISE}/devices/{id}")
}

/// Two kinds of management: the whole device, or a work profile on a personal or an old one.
fn has_work_profile(phone: &Phone) -> bool {
    matches!(phone.ready, Ready::Personal | Ready::Old)
}

pub(super) fn device(world: &World, at: usize) -> Value {
    let seat = &world.seats[at];
    let phone = &seat.phone;
    let policy = format!("enterprises/{ENTERPRISE}/policies/{POLICY}");
    let (profile, old) = (has_work_profile(phone), phone.ready == Ready::Old);
    let mut device = json!({
        "name": name(&phone.id),
        "userName": format!("enterprises/{ENTERPRISE}/users/{}", phone.user_id),
        "managementMode": if profile { "PROFILE_OWNER" } else { "DEVICE_OWNER" },
        "ownership": if profile { "PERSONALLY_OWNED" } else { "COMPANY_OWNED" },
        "state": "ACTIVE",
        "appliedState": "ACTIVE",
        "policyName": policy,
        "appliedPolicyName": policy,
        "appliedPolicyVersion": "1",
        "policyCompliant": phone.ready != Ready::NoToken,
        "apiLevel": if old { 23 } else { 34 },
        "enrollmentTime": "2026-01-15T08:00:00Z",
        "lastStatusReportTime": rfc3339(world.now()),
        "lastPolicySyncTime": rfc3339(world.now()),
        "hardwareInfo": { "brand": "Google", "manufacturer": "Google", "model": phone.name,
            "serialNumber": phone.serial },
        "softwareInfo": { "androidVersion": if old { "6.0.1" } else { "14" } },
        "deviceSettings": { "isDeviceSecure": seat.passcode != Passcode::None },
    });
    if !phone.email.is_empty() {
        device["enrollmentTokenData"] = phone.email.as_str().into();
    }
    if phone.ready == Ready::NoToken {
        device["nonComplianceDetails"] = json!([inactive_token()]);
    }
    device
}

fn inactive_token() -> Value {
    json!({
        "settingName": "passwordPolicies",
        "nonComplianceReason": "USER_ACTION",
        "specificNonComplianceReason": "PASSWORD_POLICIES_USER_CREDENTIALS_CONFIRMATION_REQUIRED",
    })
}

/// There is one policy, whatever it is asked for by.
pub(super) fn policy(name: &str) -> Value {
    json!({
        "name": format!("enterprises/{ENTERPRISE}/policies/{name}"),
        "version": "1",
        "passwordPolicies": [{ "passwordMinimumLength": MINIMUM_LENGTH, "passwordScope": "SCOPE_DEVICE" }],
    })
}

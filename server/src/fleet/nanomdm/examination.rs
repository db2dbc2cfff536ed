//! What `latchkey doctor` finds out about NanoMDM, and what to change there.

use http::StatusCode;

use super::api::Api;
use super::enrolments::{Census, Enrolments};
use crate::doctor::{Finding, some_of};
use crate::fleet::Common;
use crate::fleet::calls::{read_json, remedy, status_of};

pub async fn examine(
    api: &Api,
    enrolments: &dyn Enrolments,
    common: &Common,
    public_url: &str,
) -> Vec<Finding> {
    let about = |what: &str| format!("MDM {}, {what}", common.id);
    let mut findings = vec![(about("address"), address(api).await)];
    if findings[0].1.is_ok() {
        findings.push((about("api_key"), key(api).await));
    }
    let webhook = format!("{public_url}/webhooks/{}", common.id);
    match enrolments.census(&common.id).await {
        Ok(census) => {
            findings.push((about("events"), events(&census, common, &webhook)));
            findings.push((about("unlock tokens"), tokens(&census)));
            findings.push((about("serial numbers"), serials(&census)));
            findings.push((about("map"), Ok(map(&census, common))));
        }
        Err(error) => findings.push((about("events"), Err(error.to_string()))),
    }
    findings
}

async fn address(api: &Api) -> Result<String, String> {
    let answer = api.version().await.map_err(|error| remedy(&error, "url"))?;
    if answer.status() != StatusCode::OK {
        return Err(format!(
            "{}. Set `url` to the address of NanoMDM itself, without a path",
            status_of(&answer)
        ));
    }
    let _: serde_json::Value = read_json(&answer).map_err(|error| remedy(&error, "url"))?;
    Ok("it answers".to_owned())
}

async fn key(api: &Api) -> Result<String, String> {
    let answer = api.push_to_nobody().await.map_err(|error| remedy(&error, "url"))?;
    match answer.status() {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(format!(
            "{}: `api_key` is not NanoMDM's. Set it to what NanoMDM was started with as -api",
            status_of(&answer)
        )),
        StatusCode::NOT_FOUND => Err(format!(
            "{}: NanoMDM has no API. Start it with -api and the key that `api_key` says",
            status_of(&answer)
        )),
        StatusCode::OK | StatusCode::MULTI_STATUS | StatusCode::INTERNAL_SERVER_ERROR => {
            Ok("NanoMDM takes it".to_owned())
        }
        _ => Err(format!("{}. Look at NanoMDM's log, and at what stands before it", status_of(&answer))),
    }
}

fn events(census: &Census, common: &Common, webhook: &str) -> Result<String, String> {
    let Some(heard_at) = census.heard_at else {
        return Err(format!(
            "none has come yet. Start NanoMDM with -webhook-url {webhook} and -webhook-hmac-key set to `webhook_secret`, \
             and have a device check in"
        ));
    };
    let minutes = common.clock.now().seconds_since(heard_at) / 60;
    Ok(format!("the last device was heard of {minutes} minutes ago, through {webhook}"))
}

fn tokens(census: &Census) -> Result<String, String> {
    let Census { current, with_token, .. } = census;
    match current - with_token {
        0 => Ok(format!("all {current} iPhones and iPads have given theirs")),
        without => Err(format!(
            "{without} of {current} iPhones and iPads have not given theirs, and cannot be reset. They give it when they enrol while \
             the portal listens: enrol them again"
        )),
    }
}

/// No device has two: somebody else's certificate has spoken for it.
fn serials(census: &Census) -> Result<String, String> {
    if census.disputed.is_empty() {
        return Ok("each device has said one".to_owned());
    }
    Err(format!(
        "{} has said two different ones, so that it is nobody's. Find out who enrolled in its name; then remove its row \
         from the table enrolments, and enrol it again",
        some_of(&census.disputed)
    ))
}

fn map(census: &Census, common: &Common) -> String {
    let (known, unknown): (Vec<&str>, Vec<&str>) =
        common.ownership.serials().partition(|serial| census.serials.contains(&serial.to_ascii_lowercase()));
    // Another MDM may go by the same map.
    match unknown.as_slice() {
        [] => format!("it has all {} devices of [[owner]]", known.len()),
        unknown => format!("it does not know {} of [[owner]]", some_of(unknown)),
    }
}

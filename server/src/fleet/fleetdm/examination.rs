//! What `latchkey doctor` finds out about Fleet, and what to change there.

use http::StatusCode;
use serde::Deserialize;

use super::api::Api;
use crate::doctor::Finding;
use crate::fleet::Common;
use crate::fleet::calls::{read_json, remedy, status_of};
use crate::fleet::ownership::{is_one, shared_by_two};

const MOST_LOOKED_AT: usize = 200;

#[derive(Deserialize)]
struct Listed {
    hosts: Vec<serde_json::Value>,
}

pub async fn examine(api: &Api, common: &Common) -> Vec<Finding> {
    let about = |what: &str| format!("MDM {}, {what}", common.id);
    vec![(about("hosts"), hosts(api).await), (about("owners"), owners(api).await)]
}

/// What has two addresses is nobody's. Looks at the first of them: each costs a question.
async fn owners(api: &Api) -> Result<String, String> {
    let Ok(hosts) = api.hosts("").await else { return Ok("cannot be seen now".to_owned()) };
    let mut shared = Vec::new();
    for host in hosts.iter().take(MOST_LOOKED_AT) {
        let emails = api.emails(host.id).await.ok().flatten().unwrap_or_default();
        if !is_one(&emails) {
            shared.push(format!("host {}", host.id));
        }
    }
    let told = "in device_mapping. Take the old one out";
    shared_by_two(shared.iter().map(String::as_str), told)
}

async fn hosts(api: &Api) -> Result<String, String> {
    let answer = api.page("", 1, 0).await.map_err(|error| remedy(&error, "url"))?;
    let said = status_of(&answer);
    match answer.status() {
        StatusCode::OK => {
            let listed: Listed = read_json(&answer).map_err(|error| remedy(&error, "url"))?;
            Ok(if listed.hosts.is_empty() {
                "it shows none".to_owned()
            } else {
                "they can be read; whether `token` may clear a passcode cannot be seen from outside"
                    .to_owned()
            })
        }
        StatusCode::UNAUTHORIZED => Err(format!(
            "{said}: `token` is none of Fleet's. Make an API-only user (fleetctl user create --api-only) and take its token"
        )),
        StatusCode::FORBIDDEN => Err(format!(
            "{said}: the user of `token` may not read hosts. Give it the role maintainer, for all hosts or for the fleets \
             that the portal is for"
        )),
        StatusCode::NOT_FOUND => {
            Err(format!("{said}: there is no Fleet. Set `url` to its address, without a path"))
        }
        _ => Err(format!("{said}. Look at Fleet's own log")),
    }
}

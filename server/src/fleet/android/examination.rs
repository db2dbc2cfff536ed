//! What `latchkey doctor` finds out about Android Management, and what to change at Google.

use http::StatusCode;

use super::api::Api;
use crate::doctor::Finding;
use crate::fleet::Common;
use crate::fleet::calls::{read_json, remedy, status_of};
use crate::fleet::ownership::{is_one, shared_by_two};

pub async fn examine(api: &Api, common: &Common) -> Vec<Finding> {
    let about = |what: &str| format!("MDM {}, {what}", common.id);
    vec![
        (about("service account"), Ok(api.tokens.email().to_owned())),
        (about("devices"), devices(api).await),
        (about("owners"), owners(api, common).await),
    ]
}

/// What somebody wrote two addresses into is nobody's.
async fn owners(api: &Api, common: &Common) -> Result<String, String> {
    let Ok(all) = api.devices(common.clock.now()).await else { return Ok("cannot be seen now".to_owned()) };
    let shared = all.iter().filter(|device| !is_one(&device.emails())).map(|device| device.name.as_str());
    shared_by_two(shared, "in enrollmentTokenData. Enrol it again with a token of one address")
}

async fn devices(api: &Api) -> Result<String, String> {
    let answer = api.page(1, "").await.map_err(|error| remedy(&error, "url"))?;
    let said = status_of(&answer);
    match answer.status() {
        StatusCode::OK => {
            let _: serde_json::Value = read_json(&answer).map_err(|error| remedy(&error, "url"))?;
            Ok("they can be read".to_owned())
        }
        StatusCode::UNAUTHORIZED => Err(format!(
            "{said}: Google does not believe the key of the service account. Make a new one (IAM & Admin > Service Accounts \
             > Keys) for `service_account_file`, and look whether this machine's clock is right"
        )),
        StatusCode::FORBIDDEN => Err(format!(
            "{said}: the service account may not manage `enterprise`. Give it the role Android Management User \
             (roles/androidmanagement.user) in the project that the enterprise belongs to, enable the Android Management \
             API there, and compare `enterprise`"
        )),
        StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => {
            Err(format!("{said}: there is no such enterprise. Set `enterprise` to its id, as in LC00abc123"))
        }
        _ => Err(format!("{said}. Try again later; if it stays so, look at Google Cloud's status page")),
    }
}

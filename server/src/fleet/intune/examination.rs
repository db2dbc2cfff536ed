//! What `latchkey doctor` finds out about Intune, and what to change in Entra.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::fleet::FleetError;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;

use super::graph::{Graph, refused};
use crate::doctor::Finding;
use crate::fleet::Common;
use crate::fleet::calls::{read_json, remedy};

const READ: &str = "DeviceManagementManagedDevices.Read.All";
const RESET: &str = "DeviceManagementManagedDevices.PrivilegedOperations.All";
const GRANT: &str = "In Entra: App registrations > the app > API permissions > Add a permission > Microsoft Graph > \
                     Application permissions, then Grant admin consent";

#[derive(Deserialize)]
struct Roles {
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Deserialize)]
struct Listed {
    value: Vec<serde_json::Value>,
}

pub async fn examine(graph: &Graph, common: &Common) -> Vec<Finding> {
    let about = |what: &str| format!("MDM {}, {what}", common.id);
    let bearer = match graph.tokens.bearer().await {
        Ok(bearer) => bearer,
        Err(error) => return vec![(about("token"), Err(no_token(&error)))],
    };
    let mut findings = vec![
        (about("token"), Ok(graph.tokens.place().to_owned())),
        (about("permission to reset"), may_reset(&bearer)),
    ];
    findings.push((about("devices"), devices(graph).await));
    findings
}

async fn devices(graph: &Graph) -> Result<String, String> {
    let answer = graph.any_device().await.map_err(|error| remedy(&error, "graph_url"))?;
    match answer.status() {
        StatusCode::OK => {
            let listed: Listed = read_json(&answer).map_err(|error| remedy(&error, "graph_url"))?;
            Ok(if listed.value.is_empty() {
                "it has none yet".to_owned()
            } else {
                "they can be read".to_owned()
            })
        }
        StatusCode::FORBIDDEN => {
            Err(format!("{}: the permission {READ} is missing. {GRANT}", refused(&answer)))
        }
        StatusCode::UNAUTHORIZED => Err(format!(
            "{}: the token is for another cloud or tenant. Set `tenant`, `login_url` and `graph_url` of one cloud",
            refused(&answer)
        )),
        _ => Err(format!("{}. Look whether `graph_url` is the address of Microsoft Graph", refused(&answer))),
    }
}

/// Which rights the token gives stands in it, where it can be read.
fn may_reset(bearer: &HeaderValue) -> Result<String, String> {
    let body = bearer.to_str().ok().and_then(|text| text.split('.').nth(1));
    let claims = body.and_then(|body| URL_SAFE_NO_PAD.decode(body).ok());
    let roles = claims.and_then(|claims| serde_json::from_slice::<Roles>(&claims).ok());
    match roles {
        None => Ok(format!("cannot be seen from outside; it has to have {RESET}")),
        Some(Roles { roles }) if roles.iter().any(|role| role == RESET) => Ok(RESET.to_owned()),
        Some(_) => Err(format!("the permission {RESET} is missing. {GRANT}")),
    }
}

/// By Microsoft's number of the error.
fn no_token(error: &FleetError) -> String {
    let said = error.to_string();
    let has = |number: &str| said.contains(&format!("AADSTS{number}"));
    let remedy = if has("7000215") || has("7000222") {
        "`client_secret` is wrong or has run out. In Entra: App registrations > the app > Certificates & secrets: make a \
         new one and take its Value, not its ID"
    } else if has("700027") || has("7000270") {
        "Entra does not know the certificate of `certificate_file`. Upload it: App registrations > the app > \
         Certificates & secrets > Certificates"
    } else if has("700016") {
        "`client_id` is no app of this tenant. Take the Application (client) ID from App registrations > the app > Overview"
    } else if has("90002") || has("900023") {
        "`tenant` is none that Entra knows. Take the Directory (tenant) ID from App registrations > the app > Overview"
    } else if said.contains("invalid_scope") {
        "Entra knows no Graph at `graph_url`. Set `login_url` and `graph_url` of one cloud, or leave both out"
    } else if said.contains("401") || said.contains("400") {
        "Entra does not accept `client_id` and `client_secret` for this `tenant`. Compare all three with App \
         registrations > the app"
    } else {
        return remedy(error, "login_url");
    };
    format!("{said}. {remedy}")
}

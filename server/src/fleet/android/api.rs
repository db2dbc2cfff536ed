//! What goes over the wire to Google, and what comes back.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use domain::Timestamp;
use domain::fleet::FleetError;
use http::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::device::{FIELDS, ManagedDevice};
use super::operation::Operation;
use super::token::Tokens;
use crate::config::Fleet;
use crate::fleet::Common;
use crate::fleet::calls::{Answered, Calls, ask, read_json, segment, status_of, with_body};

const GOOGLE: &str = "https://androidmanagement.googleapis.com/v1";
const PAGE: usize = 100;
const MOST_PAGES: usize = 500;
/// Google lists all devices of the organisation or none: for so long one list serves everybody.
const LIST_MILLIS: i64 = 5_000;
/// And for so much longer for each page that it takes.
const PAGE_MILLIS: i64 = 5_000;
const POLICY_MILLIS: i64 = 5 * 60 * 1000;
const NO_PASSWORD_IS_LONGER: u32 = 16;

pub struct Api {
    base: String,
    enterprise: String,
    fields: String,
    calls: Arc<Calls>,
    pub tokens: Tokens,
    listed: Mutex<Option<Listed>>,
    /// The least length of each policy, and since when it is known.
    policies: std::sync::Mutex<HashMap<String, (u8, Timestamp)>>,
}

struct Listed {
    devices: Arc<Vec<ManagedDevice>>,
    at: Timestamp,
    lasts_millis: i64,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Page {
    devices: Vec<ManagedDevice>,
    next_page_token: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Policy {
    password_policies: Vec<Requirements>,
    password_requirements: Requirements,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Requirements {
    password_minimum_length: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResetPassword<'a> {
    r#type: &'static str,
    new_password: &'a str,
    #[serde(rename = "resetPasswordFlags")]
    flags: [&'static str; 2],
    duration: String,
}

impl Api {
    pub fn new(settings: &Fleet, common: &Common) -> Result<Self, String> {
        let enterprise = settings.enterprise.trim_start_matches("enterprises/");
        Ok(Self {
            base: Fleet::address(&settings.url, GOOGLE).to_owned(),
            fields: segment(FIELDS),
            enterprise: format!("enterprises/{}", segment(enterprise)),
            calls: Arc::clone(&common.calls),
            tokens: Tokens::new(settings, common)?,
            listed: Mutex::default(),
            policies: std::sync::Mutex::default(),
        })
    }

    /// All of the organisation. Those who ask at once ask once.
    pub async fn devices(&self, now: Timestamp) -> Result<Arc<Vec<ManagedDevice>>, FleetError> {
        let mut listed = self.listed.lock().await;
        let serves = |listed: &&Listed| now.millis_since(listed.at) < listed.lasts_millis;
        if let Some(listed) = listed.as_ref().filter(serves) {
            return Ok(Arc::clone(&listed.devices));
        }
        let devices = Arc::new(self.list().await?);
        let pages = i64::try_from(devices.len() / PAGE).unwrap_or_default();
        *listed = Some(Listed {
            devices: Arc::clone(&devices),
            at: now,
            lasts_millis: LIST_MILLIS + pages * PAGE_MILLIS,
        });
        Ok(devices)
    }

    async fn list(&self) -> Result<Vec<ManagedDevice>, FleetError> {
        let mut devices = Vec::new();
        let mut token = String::new();
        for _ in 0..MOST_PAGES {
            let answer = self.page(PAGE, &token).await?;
            if answer.status() != StatusCode::OK {
                return Err(status_of(&answer));
            }
            let page: Page = read_json(&answer)?;
            devices.extend(page.devices);
            if page.next_page_token.is_empty() {
                return Ok(devices);
            }
            token = page.next_page_token;
        }
        Err(FleetError::Unreachable(format!("it has more than {MOST_PAGES} pages")))
    }

    pub async fn page(&self, size: usize, token: &str) -> Result<Answered, FleetError> {
        let token = if token.is_empty() { String::new() } else { format!("&pageToken={}", segment(token)) };
        let fields = format!("nextPageToken,devices({FIELDS})");
        let fields = segment(&fields);
        self.read(&format!(
            "{}/{}/devices?pageSize={size}{token}&fields={fields}",
            self.base, self.enterprise
        ))
        .await
    }

    pub async fn device(&self, id: &str) -> Result<Option<ManagedDevice>, FleetError> {
        let answer = self.read(&format!("{}/{}?fields={}", self.base, self.name(id), self.fields)).await?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            _ => return Err(status_of(&answer)),
        }
        let device: ManagedDevice = read_json(&answer)?;
        if device.name != self.name(id) {
            return Err(FleetError::Unreachable("its answer is about another device".to_owned()));
        }
        Ok(Some(device).filter(|device| !device.is_gone()))
    }

    /// What the device's policy asks of a passcode. A policy that cannot be read asks for nothing: then Google says so.
    pub async fn min_length(&self, device: &ManagedDevice, now: Timestamp) -> u8 {
        let Some(policy) = device.applied_policy_name.as_deref() else { return 0 };
        if !policy.starts_with(&format!("{}/policies/", self.enterprise)) {
            return 0;
        }
        let known = self.policies().get(policy).copied();
        if let Some((length, at)) = known
            && now.millis_since(at) < POLICY_MILLIS
        {
            return length;
        }
        let length = self.policy(policy).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "a policy cannot be read");
            0
        });
        self.policies().insert(policy.to_owned(), (length, now));
        length
    }

    async fn policy(&self, name: &str) -> Result<u8, FleetError> {
        let path = name.split('/').map(segment).collect::<Vec<_>>().join("/");
        let answer = self.read(&format!("{}/{path}", self.base)).await?;
        if answer.status() != StatusCode::OK {
            return Err(status_of(&answer));
        }
        let policy: Policy = read_json(&answer)?;
        let asked = policy.password_policies.iter().chain([&policy.password_requirements]);
        let length = asked.map(|asked| asked.password_minimum_length).max().unwrap_or_default();
        Ok(u8::try_from(length.min(NO_PASSWORD_IS_LONGER)).unwrap_or_default())
    }

    fn policies(&self) -> std::sync::MutexGuard<'_, HashMap<String, (u8, Timestamp)>> {
        self.policies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Google's own limit is ten minutes: a phone that is switched off for longer would never be reset.
    pub async fn reset_password(
        &self,
        id: &str,
        passcode: &SecretString,
        seconds: i64,
    ) -> Result<Answered, FleetError> {
        let order = ResetPassword {
            r#type: "RESET_PASSWORD",
            new_password: passcode.expose_secret(),
            flags: ["REQUIRE_ENTRY", "LOCK_NOW"],
            duration: format!("{seconds}s"),
        };
        let body = serde_json::to_vec(&order)
            .map_err(|_| FleetError::Unreachable("the order cannot be written".to_owned()))?;
        let url = format!("{}/{}:issueCommand", self.base, self.name(id));
        let request = ask(Method::POST, &url, Some(&self.tokens.bearer()?))?;
        self.calls.write(with_body(request, "application/json", body)).await
    }

    /// The last part of an operation's name, which has to be one of this device.
    pub fn handle(&self, id: &str, operation: &str) -> Result<String, FleetError> {
        let handle = operation.strip_prefix(&format!("{}/operations/", self.name(id)));
        let plain = |handle: &&str| {
            !handle.is_empty()
                && handle.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        handle
            .filter(plain)
            .map(str::to_owned)
            .ok_or_else(|| FleetError::Unclear("its answer is about another device".to_owned()))
    }

    pub async fn operation(&self, id: &str, handle: &str) -> Result<Option<Operation>, FleetError> {
        let name = format!("{}/operations/{handle}", self.name(id));
        let answer = self.read(&format!("{}/{name}", self.base)).await?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            _ => return Err(status_of(&answer)),
        }
        let operation: Operation = read_json(&answer)?;
        if operation.name != name {
            return Err(FleetError::Unreachable("its answer is about another operation".to_owned()));
        }
        Ok(Some(operation))
    }

    /// Whether the device will never be told.
    pub async fn cancel(&self, id: &str, handle: &str) -> Result<bool, FleetError> {
        let url = format!("{}/{}/operations/{handle}:cancel", self.base, self.name(id));
        let request = ask(Method::POST, &url, Some(&self.tokens.bearer()?))?;
        // Asked twice, it is cancelled all the same.
        self.calls.read(|| with_body(request.clone(), "application/json", b"{}".to_vec())).await?;
        let operation = self.operation(id, handle).await?;
        Ok(operation.is_some_and(|operation| operation.is_cancelled()))
    }

    async fn read(&self, url: &str) -> Result<Answered, FleetError> {
        let request = ask(Method::GET, url, Some(&self.tokens.bearer()?))?;
        self.calls.read(|| request.clone()).await
    }

    fn name(&self, id: &str) -> String {
        format!("{}/devices/{}", self.enterprise, segment(id))
    }
}

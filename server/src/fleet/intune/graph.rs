//! What goes over the wire to Microsoft Graph, and what comes back.

use std::sync::Arc;

use domain::Timestamp;
use domain::fleet::FleetError;
use http::{Method, Request, StatusCode, header};
use serde::Deserialize;

use super::device::{FIELDS, ManagedDevice};
use super::token::Tokens;
use crate::config::Fleet;
use crate::fleet::Common;
use crate::fleet::calls::{Answered, Calls, ask, http_date, read_json, segment, status_of};

const GLOBAL: &str = "https://graph.microsoft.com";
/// More pages than any person has devices.
const MOST_PAGES: usize = 50;

pub struct Graph {
    /// Without a slash at the end.
    base: String,
    calls: Arc<Calls>,
    pub tokens: Tokens,
}

/// A device, and what Graph's own clock read when it told of it.
pub struct Read {
    pub device: ManagedDevice,
    pub date: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Page {
    value: Vec<ManagedDevice>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

/// What it says when it refuses. Its message may tell of a person, and is not read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    error: ErrorBody,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    code: String,
    #[serde(alias = "innererror", rename = "innerError")]
    inner: InnerError,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct InnerError {
    #[serde(rename = "request-id")]
    request_id: String,
}

impl Graph {
    pub fn new(settings: &Fleet, common: &Common) -> Result<Self, String> {
        // The version is ours to say.
        let base = Fleet::address(&settings.graph_url, GLOBAL).trim_end_matches("/v1.0").to_owned();
        Ok(Self { tokens: Tokens::new(settings, &base, common)?, calls: Arc::clone(&common.calls), base })
    }

    pub async fn devices_of_user(&self, user: &str) -> Result<Vec<ManagedDevice>, FleetError> {
        self.list(format!("{}/v1.0/users/{}/managedDevices", self.base, segment(user))).await
    }

    pub async fn devices_with_serial(&self, serial: &str) -> Result<Vec<ManagedDevice>, FleetError> {
        let filter = segment(&format!("serialNumber eq '{}'", serial.replace('\'', "''")));
        self.list(format!("{}?$filter={filter}", self.devices())).await
    }

    /// For the doctor: whether they may be read at all, and what is read of them.
    pub async fn any_device(&self) -> Result<Answered, FleetError> {
        self.read(&format!("{}?$top=1&$select={FIELDS}", self.devices())).await
    }

    pub async fn device(&self, id: &str) -> Result<Option<Read>, FleetError> {
        let url = format!("{}/{}?$select={FIELDS}", self.devices(), segment(id));
        let answer = self.read(&url).await?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            _ => return Err(refused(&answer)),
        }
        let device: ManagedDevice = read_json(&answer)?;
        if !device.id.eq_ignore_ascii_case(id) {
            return Err(FleetError::Unreachable("its answer is about another device".to_owned()));
        }
        let date = answer.headers().get(header::DATE).and_then(|date| http_date(date.to_str().ok()?));
        Ok(Some(Read { device, date }))
    }

    /// Whatever it answers but "later" and "unauthorised": that it has it, or why it does not take it.
    pub async fn reset_passcode(&self, id: &str) -> Result<Answered, FleetError> {
        let url = format!("{}/{}/resetPasscode", self.devices(), segment(id));
        let mut answer = self.calls.write(self.order(&url).await?).await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            // Nobody has looked at what was to be done.
            self.tokens.forget().await;
            answer = self.calls.write(self.order(&url).await?).await?;
        }
        if !answer.status().is_success() {
            let why = refused(&answer).to_string();
            tracing::warn!(why, "Intune did not take a reset");
        }
        Ok(answer)
    }

    fn devices(&self) -> String {
        format!("{}/v1.0/deviceManagement/managedDevices", self.base)
    }

    async fn list(&self, first: String) -> Result<Vec<ManagedDevice>, FleetError> {
        let mut devices = Vec::new();
        let mut next = Some(first);
        for _ in 0..MOST_PAGES {
            let Some(url) = next else { return Ok(devices) };
            let answer = self.read(&url).await?;
            match answer.status() {
                StatusCode::OK => {}
                // Nobody of that name, or nothing of theirs.
                StatusCode::NOT_FOUND => return Ok(devices),
                _ => return Err(refused(&answer)),
            }
            let page: Page = read_json(&answer)?;
            devices.extend(page.value);
            next = page.next;
            // Where our token goes is not for an answer to say.
            if next.as_ref().is_some_and(|next| !next.starts_with(&format!("{}/", self.base))) {
                return Err(FleetError::Unreachable("its next page is somewhere else".to_owned()));
            }
        }
        Err(FleetError::Unreachable(format!("it has more than {MOST_PAGES} pages")))
    }

    /// With a new token if it does not like the one we have.
    async fn read(&self, url: &str) -> Result<Answered, FleetError> {
        let bearer = self.tokens.bearer().await?;
        let request = ask(Method::GET, url, Some(&bearer))?;
        let answer = self.calls.read(|| request.clone()).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        self.tokens.forget().await;
        let bearer = self.tokens.bearer().await?;
        let request = ask(Method::GET, url, Some(&bearer))?;
        self.calls.read(|| request.clone()).await
    }

    async fn order(&self, url: &str) -> Result<Request<Vec<u8>>, FleetError> {
        let bearer = self.tokens.bearer().await?;
        let mut request = ask(Method::POST, url, Some(&bearer))?;
        request.headers_mut().insert(header::CONTENT_LENGTH, header::HeaderValue::from_static("0"));
        Ok(request)
    }
}

/// With what Microsoft's support asks for.
pub fn refused(answer: &Answered) -> FleetError {
    let FleetError::Unreachable(status) = status_of(answer) else { return status_of(answer) };
    let Refused { error } = serde_json::from_slice(answer.body()).unwrap_or_default();
    let plain = |text: &str| {
        text.chars().filter(|sign| sign.is_ascii_alphanumeric() || *sign == '-').take(64).collect::<String>()
    };
    let (code, request) = (plain(&error.code), plain(&error.inner.request_id));
    FleetError::Unreachable(format!("{status} ({code}, request-id {request})"))
}

//! What goes over the wire to Fleet, and what comes back.

use std::sync::Arc;

use domain::fleet::FleetError;
use http::{HeaderValue, Method, StatusCode};
use serde::Deserialize;

use super::host::{CommandResult, Host};
use crate::config::Fleet;
use crate::fleet::Common;
use crate::fleet::calls::{Answered, Calls, ask, authorization, read_json, segment, status_of};

const PAGE: usize = 100;
const MOST_PAGES: usize = 10;

pub struct Api {
    base: String,
    bearer: HeaderValue,
    calls: Arc<Calls>,
}

#[derive(Deserialize)]
struct Hosts {
    hosts: Vec<Host>,
}

#[derive(Deserialize)]
struct Found {
    host: Host,
}

#[derive(Deserialize)]
struct Mapping {
    host_id: Option<u64>,
    #[serde(default)]
    device_mapping: Option<Vec<Mapped>>,
}

#[derive(Deserialize)]
struct Mapped {
    email: String,
}

/// An empty object while there are none.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Results {
    results: Vec<CommandResult>,
}

impl Api {
    pub fn new(settings: &Fleet, common: &Common) -> Result<Self, String> {
        Ok(Self {
            base: format!("{}/api/v1/fleet", Fleet::address(&settings.url, "")),
            bearer: authorization("Bearer", &settings.token).map_err(|error| error.to_string())?,
            calls: Arc::clone(&common.calls),
        })
    }

    pub async fn hosts(&self, query: &str) -> Result<Vec<Host>, FleetError> {
        let mut hosts = Vec::new();
        for page in 0..MOST_PAGES {
            let answer = self.page(query, PAGE, page).await?;
            if answer.status() != StatusCode::OK {
                return Err(status_of(&answer));
            }
            let found: Hosts = read_json(&answer)?;
            let is_last = found.hosts.len() < PAGE;
            hosts.extend(found.hosts);
            if is_last {
                break;
            }
        }
        Ok(hosts)
    }

    pub async fn page(&self, query: &str, size: usize, page: usize) -> Result<Answered, FleetError> {
        self.read(&format!("hosts?query={}&per_page={size}&page={page}", segment(query))).await
    }

    pub async fn host(&self, id: u64) -> Result<Option<Host>, FleetError> {
        let answer = self.read(&format!("hosts/{id}")).await?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            _ => return Err(status_of(&answer)),
        }
        let found: Found = read_json(&answer)?;
        if found.host.id != id {
            return Err(FleetError::Unreachable("its answer is about another device".to_owned()));
        }
        Ok(Some(found.host))
    }

    /// Whose it is, as far as Fleet knows. None: there is no such host.
    pub async fn emails(&self, id: u64) -> Result<Option<Vec<String>>, FleetError> {
        let answer = self.read(&format!("hosts/{id}/device_mapping")).await?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            _ => return Err(status_of(&answer)),
        }
        let mapping: Mapping = read_json(&answer)?;
        if mapping.host_id.is_some_and(|other| other != id) {
            return Err(FleetError::Unreachable("its answer is about another device".to_owned()));
        }
        let mapped = mapping.device_mapping.unwrap_or_default();
        Ok(Some(mapped.into_iter().map(|mapped| mapped.email).collect()))
    }

    pub async fn clear_passcode(&self, id: u64) -> Result<Answered, FleetError> {
        let url = format!("{}/hosts/{id}/clear_passcode", self.base);
        let mut request = ask(Method::POST, &url, Some(&self.bearer))?;
        request.headers_mut().insert(http::header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        self.calls.write(request).await
    }

    pub async fn results(&self, uuid: &str) -> Result<Vec<CommandResult>, FleetError> {
        let answer = self.read(&format!("commands/results?command_uuid={}", segment(uuid))).await?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(Vec::new()),
            _ => return Err(status_of(&answer)),
        }
        let results: Results = read_json(&answer)?;
        Ok(results.results)
    }

    async fn read(&self, path: &str) -> Result<Answered, FleetError> {
        let request = ask(Method::GET, &format!("{}/{path}", self.base), Some(&self.bearer))?;
        self.calls.read(|| request.clone()).await
    }
}

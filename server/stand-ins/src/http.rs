//! A request as it was read, an answer before it is written, and the journal's entry.

use std::collections::BTreeMap;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use serde_json::Value;

/// One request of the journal.
#[derive(Clone, Debug)]
pub struct Entry {
    pub method: String,
    /// With the query.
    pub path: String,
    /// The names are in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// What was answered; 0 when the connection was cut, or while there is no answer yet.
    pub status: u16,
}

pub(crate) struct Request {
    pub method: String,
    pub path: String,
    /// The path's parts, decoded.
    pub parts: Vec<String>,
    pub query: Vec<(String, String)>,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    /// `None` when the client went away before it had sent everything.
    pub async fn read(request: hyper::Request<Incoming>) -> Option<Self> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.ok()?.to_bytes().to_vec();
        let headers = head.headers.iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()));
        Some(Self {
            method: head.method.to_string(),
            path: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            parts: head.uri.path().split('/').filter(|part| !part.is_empty()).map(decoded).collect(),
            query: pairs(head.uri.query().unwrap_or_default().as_bytes()),
            headers: headers.collect(),
            body,
        })
    }

    pub fn parts(&self) -> Vec<&str> {
        self.parts.iter().map(String::as_str).collect()
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    pub fn form(&self) -> BTreeMap<String, String> {
        pairs(&self.body).into_iter().collect()
    }

    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn entry(&self) -> Entry {
        Entry {
            method: self.method.clone(),
            path: self.path.clone(),
            headers: self.headers.clone(),
            body: String::from_utf8_lossy(&self.body).into(),
            status: 0,
        }
    }
}

fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

/// A part of a path, in which a plus is a plus.
fn decoded(part: &str) -> String {
    let query = part.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    pairs(query.as_bytes()).pop().map_or_else(String::new, |(name, _)| name)
}

pub(crate) struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    pub fn text(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        Self { body: body.into().into_bytes(), ..Self::empty(status) }.with("content-type", content_type)
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    pub fn into_response(self) -> hyper::Response<Full<Bytes>> {
        let mut response = hyper::Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(Full::from(self.body)).unwrap()
    }
}

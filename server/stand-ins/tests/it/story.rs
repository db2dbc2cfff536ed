//! A stand-in, its clock and a client.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use reqwest::{Client, Method, Response};
use serde_json::Value;
use stand_ins::{Kind, Phone, Setup, StandIn, System};

pub const START: i64 = 1_790_000_000_000;

/// A stand-in, a clock that only the test moves, and a client.
pub struct Story {
    pub it: StandIn,
    pub now: Arc<AtomicI64>,
    pub client: Client,
    pub settings: BTreeMap<&'static str, String>,
}

impl Story {
    pub async fn of(kind: Kind, webhook: Option<(String, String)>) -> Self {
        let now = Arc::new(AtomicI64::new(START));
        let hand = Arc::clone(&now);
        let clock = Arc::new(move || hand.load(Ordering::SeqCst));
        let it = StandIn::start(kind, Setup { clock, webhook }).await;
        let settings = it.settings().into_iter().collect();
        let client =
            Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { it, now, client, settings }
    }

    pub async fn later(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
        self.it.advance().await;
    }

    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        auth: &str,
        body: impl Into<reqwest::Body>,
    ) -> Response {
        let request =
            self.client.request(method, format!("{}{path}", self.it.url)).header("authorization", auth);
        request.body(body).send().await.unwrap()
    }

    pub async fn json(&self, method: Method, path: &str, auth: &str, body: &str) -> (u16, Value) {
        let response = self.ask(method, path, auth, body.to_owned()).await;
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }
}

pub fn ana(id: &str, system: System) -> Phone {
    Phone::new(id, format!("phone {id}"), system, "ana@example.com")
}

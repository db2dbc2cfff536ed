//! NanoMDM's webhook: events go out once, in order, and are not sent again when nobody takes them.

use std::collections::VecDeque;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::keys::base64;

pub(crate) struct Outbox {
    /// Where to; without it events come to nothing.
    pub target: Option<String>,
    pub key: String,
    pub hold: bool,
    pub lose: bool,
    waiting: VecDeque<Vec<u8>>,
    sent: Vec<Vec<u8>>,
}

impl Outbox {
    pub fn new(webhook: Option<(String, String)>) -> Self {
        let (target, key) = webhook.map_or((None, String::new()), |(target, key)| (Some(target), key));
        Self { target, key, hold: false, lose: false, waiting: VecDeque::new(), sent: Vec::new() }
    }

    /// A key there must be, also for those who post events by hand.
    pub fn key_or(&mut self, key: impl FnOnce() -> String) {
        if self.key.is_empty() {
            self.key = key();
        }
    }

    pub fn put(&mut self, event: Vec<u8>) {
        if !self.lose {
            self.waiting.push_back(event);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.hold || self.waiting.is_empty()
    }

    /// The next event to send; it counts as sent from here on.
    pub fn next(&mut self) -> Option<Post> {
        if self.hold {
            return None;
        }
        let body = self.waiting.pop_front()?;
        self.sent.push(body.clone());
        Some(self.post(body))
    }

    pub fn all_again(&self) -> Vec<Post> {
        self.sent.iter().rev().map(|body| self.post(body.clone())).collect()
    }

    fn post(&self, body: Vec<u8>) -> Post {
        Post { target: self.target.clone(), signature: self.sign(&body), body }
    }

    pub fn sign(&self, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).unwrap();
        mac.update(body);
        base64(&mac.finalize().into_bytes())
    }
}

pub(crate) struct Post {
    target: Option<String>,
    signature: String,
    body: Vec<u8>,
}

impl Post {
    /// Whatever comes back, or nothing: NanoMDM does not care either.
    pub async fn send(self, client: &reqwest::Client) {
        let Some(target) = self.target else { return };
        let request = client.post(target).timeout(Duration::from_secs(10)).body(self.body);
        let request =
            request.header("content-type", "application/json").header("x-hmac-signature", self.signature);
        let _ = request.send().await;
    }
}

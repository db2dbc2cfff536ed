//! What a person sees who waits: the page, looked at again or left open, and the notifications.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::book::End;
use crate::ear::Ear;
use crate::people::{SOON, Visitor, patiently};
use crate::support::Answer;

/// What a page has been shown is told to an open one by then, whatever is broken.
const HEARD_BY: Duration = Duration::from_secs(45);
/// How often somebody looks at a page that is told anyway.
const GLANCE: Duration = Duration::from_secs(3);

/// The last reset that the page shows.
pub struct Last {
    pub id: String,
    pub end: Option<End>,
}

impl Visitor {
    /// The device's page: its last reset. None when nobody waits any longer.
    pub async fn look(&mut self) -> Option<Option<Last>> {
        while !self.gate.is_closed() {
            if !self.is_signed_in {
                self.sign_in().await?;
            }
            let fields = [("device", self.device.as_str())];
            match patiently(self.browser.try_call("device", &fields)).await {
                Some(Answer { status: 200, body, .. }) => {
                    let Ok(details) = serde_json::from_str::<Value>(&body) else { continue };
                    return Some(last_of(&details));
                }
                Some(Answer { status: 401, .. }) => self.is_signed_in = false,
                Some(Answer { status: 404, .. }) => self.lie("told that their own phone is not found"),
                _ => {}
            }
            sleep(SOON).await;
        }
        None
    }

    pub async fn poll(&mut self) -> Option<End> {
        loop {
            let millis = self.chance.within(500, 1_500);
            sleep(Duration::from_millis(millis)).await;
            if let Some(end) = self.look_whether_ended().await? {
                return Some(end);
            }
        }
    }

    /// None when nobody waits any longer.
    async fn look_whether_ended(&mut self) -> Option<Option<End>> {
        let last = self.look().await?;
        if last.as_ref().map(|last| &last.id) != self.last.as_ref() {
            self.lie("lost: the page does not show it any more");
        }
        Some(last.and_then(|last| last.end))
    }

    /// With the page left open, which is told.
    pub async fn listen(&mut self) -> Option<End> {
        let mut ear = None;
        let mut looked = Instant::now();
        let mut shown: Option<Instant> = None;
        loop {
            let heard = self.hear(&mut ear).await?;
            let has_news = heard.is_some_and(|update| self.has_news(&update));
            if !has_news && looked.elapsed() < GLANCE {
                continue;
            }
            looked = Instant::now();
            let Some(end) = self.look_whether_ended().await? else {
                if has_news {
                    self.lie("told of an end that the page does not show");
                }
                continue;
            };
            let since = *shown.get_or_insert(looked);
            // What one did oneself is no news.
            if has_news || end.state == "Cancelled" {
                return Some(end);
            }
            if since.elapsed() > HEARD_BY {
                self.lie("the page that was left open was never told");
                return Some(end);
            }
        }
    }

    /// What the open page is told within a moment; it connects anew when it has to. None when nobody waits any longer.
    async fn hear(&mut self, ear: &mut Option<Ear>) -> Option<Option<Value>> {
        if self.gate.is_closed() {
            return None;
        }
        if ear.is_none() {
            if !self.is_signed_in {
                self.sign_in().await?;
            }
            *ear = Ear::open(&self.browser, self.cursor).await;
        }
        let Some(listening) = ear else {
            sleep(SOON).await;
            return Some(None);
        };
        match timeout(GLANCE, listening.told()).await {
            Ok(Some(update)) => Some(Some(update)),
            Ok(None) => {
                *ear = None;
                sleep(SOON).await;
                Some(None)
            }
            Err(_) => Some(None),
        }
    }

    /// Whether there is something new of this phone among what a page was told.
    fn has_news(&mut self, update: &Value) -> bool {
        self.cursor = self.cursor.max(update["cursor"].as_i64().unwrap_or_default());
        let fresh = update["fresh"].as_array();
        fresh
            .into_iter()
            .flatten()
            .any(|one| one["device"] == self.device.as_str() && one["id"].as_str() != self.news.as_deref())
    }

    /// The newest notification of the phone: its id, and what it says.
    pub async fn hear_news(&mut self) -> Option<Option<(String, Value)>> {
        while !self.gate.is_closed() {
            if !self.is_signed_in {
                self.sign_in().await?;
            }
            match patiently(self.browser.try_call("notifications", &[])).await {
                Some(Answer { status: 200, body, .. }) => {
                    let Ok(all) = serde_json::from_str::<Value>(&body) else { continue };
                    let list = all["list"].as_array().cloned().unwrap_or_default();
                    let newest = list.iter().filter_map(|one| one["cursor"].as_i64()).max();
                    self.cursor = self.cursor.max(newest.unwrap_or_default());
                    let mine = list.iter().find(|one| one["device"] == self.device.as_str());
                    let told =
                        mine.and_then(|one| Some((one["id"].as_str()?.to_owned(), one["news"].clone())));
                    return Some(told);
                }
                Some(Answer { status: 401, .. }) => self.is_signed_in = false,
                _ => {}
            }
            sleep(SOON).await;
        }
        None
    }
}

fn last_of(details: &Value) -> Option<Last> {
    let last = &details["last"];
    let state = last["state"].as_str()?.to_owned();
    let failure = last["failure"].as_str().map(str::to_owned);
    let is_final = ["Done", "Failed", "Expired", "Cancelled"].contains(&state.as_str());
    let end = is_final.then_some(End { state, failure });
    Some(Last { id: last["id"].as_str()?.to_owned(), end })
}

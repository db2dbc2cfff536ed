//! Whoever forgets a passcode again and again, and what they are told.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use stand_ins::{Execution, Kind, StandIn};
use tokio::time::{Instant, sleep, timeout};

use crate::chance::Chance;
use crate::cluster::{Cluster, device, password, phone, user_name};
use crate::ear::Ear;
use crate::support::{Answer, Browser};

/// Nobody looks at a blank page for longer.
const PATIENCE: Duration = Duration::from_secs(12);
const SOON: Duration = Duration::from_millis(300);
/// Whoever was told that nobody knows looks at the phone for so long: longer than any replica stands still and any order
/// is on its way.
const UNKNOWN: Duration = Duration::from_secs(25);
/// What a page has been shown is told to an open one by then, whatever is broken.
const HEARD_BY: Duration = Duration::from_secs(45);
/// How often somebody looks at a page that is told anyway.
const GLANCE: Duration = Duration::from_secs(3);
const PURPOSE: u64 = 1000;

/// What everybody looks at.
#[derive(Default)]
pub struct Gate {
    /// No new reset is begun.
    over: AtomicBool,
    /// Nobody waits any longer.
    closed: AtomicBool,
    /// What was not true.
    pub lies: Mutex<Vec<String>>,
}

impl Gate {
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed) || self.is_closed()
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

/// One reset, as the person lived through it.
#[derive(Clone, Debug)]
pub struct Reset {
    pub command: String,
    pub device: String,
    pub kind: Kind,
    /// They were told that it was taken; otherwise they found it when they looked.
    pub acknowledged: bool,
    /// They were told that it is cancelled.
    pub cancelled: bool,
    /// How they were told that it ended.
    pub end: Option<End>,
    /// What the phone did meanwhile, without what it had done before.
    pub executed: Vec<Execution>,
}

/// State and failure, as the portal names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    pub state: String,
    pub failure: Option<String>,
}

impl End {
    pub fn is_done(&self) -> bool {
        self.state == "Done"
    }

    pub fn is_unknown(&self) -> bool {
        self.failure.as_deref() == Some("Unknown")
    }
}

/// One person with one phone and one browser.
pub struct Visitor {
    cluster: Arc<Cluster>,
    gate: Arc<Gate>,
    person: usize,
    kind: Kind,
    device: String,
    phone: String,
    browser: Browser,
    chance: Chance,
    is_signed_in: bool,
    /// The newest command of the phone and the newest notification of it, as they were shown.
    last: Option<String>,
    news: Option<String>,
    /// The newest notification of the person.
    cursor: i64,
    pub resets: Vec<Reset>,
    /// How much of what the phone did belongs to what was told before.
    counted: usize,
    is_open: bool,
    passcodes: BTreeSet<String>,
}

enum Submitted {
    Acknowledged,
    Refused,
}

/// The last reset that the page shows.
struct Last {
    id: String,
    end: Option<End>,
}

impl Visitor {
    pub fn new(cluster: &Arc<Cluster>, gate: &Arc<Gate>, seed: u64, person: usize, kind: Kind) -> Self {
        let number = person * Kind::ALL.len() + Kind::ALL.iter().position(|other| *other == kind).unwrap();
        Self {
            cluster: Arc::clone(cluster),
            gate: Arc::clone(gate),
            person,
            kind,
            device: device(kind, person),
            phone: phone(kind, person),
            browser: cluster.browser(),
            chance: Chance::of(seed, PURPOSE + u64::try_from(number).unwrap()),
            is_signed_in: false,
            last: None,
            news: None,
            cursor: 0,
            resets: Vec::new(),
            counted: 0,
            is_open: false,
            passcodes: BTreeSet::new(),
        }
    }

    pub async fn live(mut self) -> Self {
        // Not everybody at the same moment.
        let millis = self.chance.within(0, 3_000);
        sleep(Duration::from_millis(millis)).await;
        // What was there before is nobody's news.
        if let Some(last) = self.look().await {
            self.last = last.map(|last| last.id);
        }
        self.hear_news().await;
        self.counted = self.mdm().executions(&self.phone).len();
        while !self.gate.is_over() && self.reset().await.is_some() {}
        self
    }

    /// None: it is over.
    async fn reset(&mut self) -> Option<()> {
        self.prove().await?;
        self.settle_accounts();
        let refuses = self.chance.in_a_hundred(8);
        self.mdm().forget_passcode(&self.phone);
        self.mdm().device_refuses(&self.phone, refuses);
        if self.chance.in_a_hundred(10) {
            self.goes_offline();
        }
        let submitted = self.submit().await?;
        let last = self.look().await?.filter(|last| self.last.as_ref() != Some(&last.id));
        let acknowledged = matches!(submitted, Submitted::Acknowledged);
        let Some(last) = last else {
            if acknowledged {
                self.lie("lost: it was acknowledged, and the page knows nothing of it");
            }
            return Some(());
        };
        self.begin(&last.id, acknowledged);
        if self.chance.in_a_hundred(10) {
            self.cancel().await;
        }
        let end = if self.chance.in_a_hundred(30) { self.listen().await? } else { self.poll().await? };
        self.ended(&end).await?;
        self.mdm().device_refuses(&self.phone, false);
        if end.is_unknown() {
            self.pass(UNKNOWN).await;
        }
        Some(())
    }

    /// Looks once more when everything has come to an end: whatever was under way has come out.
    pub async fn look_back(&mut self) {
        let Some(Some(last)) = self.look().await else { return };
        if self.last.as_ref() != Some(&last.id) {
            self.settle_accounts();
            self.begin(&last.id, false);
        }
        let is_told = self.resets.last().is_none_or(|reset| reset.end.is_some());
        if let Some(end) = last.end.filter(|_| !is_told) {
            self.ended(&end).await;
        }
        self.settle_accounts();
    }

    fn begin(&mut self, command: &str, acknowledged: bool) {
        self.last = Some(command.to_owned());
        self.is_open = true;
        self.resets.push(Reset {
            command: command.to_owned(),
            device: self.device.clone(),
            kind: self.kind,
            acknowledged,
            cancelled: false,
            end: None,
            executed: Vec::new(),
        });
    }

    /// What the phone has done since, it did for the last reset.
    fn settle_accounts(&mut self) {
        let all = self.mdm().executions(&self.phone);
        let mut new = all[self.counted..].to_vec();
        self.counted = all.len();
        // The same passcode once more belongs to where it came first.
        let before: Vec<_> = new.iter().filter_map(|execution| execution.passcode.clone()).collect();
        new.retain(|execution| {
            execution.passcode.as_ref().is_none_or(|passcode| !self.passcodes.contains(passcode))
        });
        let is_old = before.last().is_some_and(|passcode| self.passcodes.contains(passcode));
        self.passcodes.extend(before);
        if is_old
            && self.is_open
            && self.resets.last().and_then(|reset| reset.end.as_ref()).is_some_and(End::is_done)
        {
            self.lie("the phone was given back the passcode of an earlier reset");
        }
        if std::mem::take(&mut self.is_open) {
            if let Some(reset) = self.resets.last_mut() {
                reset.executed = new;
            }
        } else if !new.is_empty() {
            let told = format!("the phone did what nobody had asked for: {new:?}");
            self.lie(&told);
        }
    }

    /// Signs in, chooses the phone, signs out, and signs in again within five minutes.
    async fn prove(&mut self) -> Option<()> {
        let page = format!("/devices/{}/reset", self.device);
        while !self.gate.is_over() {
            if !self.is_signed_in || self.chance.in_a_hundred(20) {
                self.sign_in().await?;
            }
            let out = patiently(self.browser.try_form(&page, &[("purpose", "reset")])).await;
            self.is_signed_in = false;
            match out {
                Some(Answer { status: 303, leads_to: Some(to), .. }) if to == "/sign-in" => {}
                Some(Answer { status: 404, .. }) => {
                    self.lie("told that their own phone is not found when they chose it");
                    sleep(SOON).await;
                    continue;
                }
                _ => {
                    sleep(SOON).await;
                    continue;
                }
            }
            if self.sign_in().await? == page {
                return Some(());
            }
            // Late, by clocks that do not agree, or an answer was lost on the way.
        }
        None
    }

    /// Until somebody answers; where it leads to.
    async fn sign_in(&mut self) -> Option<String> {
        let (name, password) = (user_name(self.person), password(self.person));
        while !self.gate.is_closed() {
            let fields = [("user_name", name.as_str()), ("password", password.as_str())];
            match patiently(self.browser.try_form("/sign-in", &fields)).await {
                Some(Answer { status: 303, leads_to: Some(to), .. }) if !to.starts_with("/sign-in") => {
                    self.is_signed_in = true;
                    return Some(to);
                }
                Some(Answer { status: 303, leads_to: Some(to), .. }) if to.contains("credentials") => {
                    self.lie("told that their password is wrong");
                }
                Some(Answer { status: 429, .. }) => self.lie("told that they tried too often"),
                _ => {}
            }
            sleep(SOON).await;
        }
        None
    }

    /// Presses the button until somebody answers; the grant makes it one reset.
    async fn submit(&mut self) -> Option<Submitted> {
        while !self.gate.is_closed() {
            let by_form = self.chance.in_a_hundred(20);
            let twice = self.chance.in_a_hundred(20);
            let statuses = if twice {
                let (one, other) = tokio::join!(self.press(by_form), self.press(false));
                vec![one, other]
            } else {
                vec![self.press(by_form).await]
            };
            let acknowledged = statuses.contains(&Some(200));
            for status in statuses.iter().flatten().filter(|status| [404, 410, 429, 500].contains(*status)) {
                self.lie(&format!("the button was answered with {status}"));
            }
            let refused = statuses.iter().flatten().any(|status| [401, 409].contains(status));
            if acknowledged && refused {
                self.lie(&format!("of two at once, one was taken and the other refused: {statuses:?}"));
            }
            if acknowledged {
                return Some(Submitted::Acknowledged);
            }
            if refused {
                return Some(Submitted::Refused);
            }
            sleep(SOON).await;
        }
        None
    }

    /// Its status; a form's redirect counts as what it says.
    async fn press(&self, by_form: bool) -> Option<u16> {
        let fields = [("device", self.device.as_str())];
        if !by_form {
            return patiently(self.browser.try_reset(&self.device)).await.map(|answer| answer.status);
        }
        let answer = patiently(self.browser.try_form("/api/reset_passcode", &fields)).await?;
        Some(match answer.leads_to {
            Some(to) if to == format!("/devices/{}", self.device) => 200,
            Some(_) => 401,
            None => answer.status,
        })
    }

    async fn cancel(&mut self) {
        let fields = [("device", self.device.as_str())];
        let answer = patiently(self.browser.try_call("cancel_reset", &fields)).await;
        if let (Some(Answer { status: 200, .. }), Some(reset)) = (answer, self.resets.last_mut()) {
            reset.cancelled = true;
        }
    }

    /// The device's page: its last reset. None when nobody waits any longer.
    async fn look(&mut self) -> Option<Option<Last>> {
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

    async fn poll(&mut self) -> Option<End> {
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
    async fn listen(&mut self) -> Option<End> {
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
    async fn hear_news(&mut self) -> Option<Option<(String, Value)>> {
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

    /// Whether everything they are told of the end is the same, and true as far as they can see.
    async fn ended(&mut self, end: &End) -> Option<()> {
        if let Some(reset) = self.resets.last_mut() {
            reset.end = Some(end.clone());
        }
        if self.resets.last().is_some_and(|reset| reset.cancelled) && end.state != "Cancelled" {
            self.lie(&format!("told that it is cancelled, and then {end:?}"));
        }
        let news = self.hear_news().await?;
        let is_new = news.as_ref().is_some_and(|(id, _)| self.news.as_ref() != Some(id));
        let expected = match (end.state.as_str(), &end.failure) {
            ("Done", _) => Some(Value::from("PasscodeReset")),
            ("Failed", Some(failure)) => Some(serde_json::json!({ "ResetFailed": failure })),
            ("Expired", _) => Some(Value::from("ResetExpired")),
            _ => None,
        };
        let told = news.as_ref().map(|(_, news)| news.clone()).filter(|_| is_new);
        if told != expected {
            self.lie(&format!("it ended as {end:?}, and the news is {told:?}"));
        }
        self.news = news.map(|(id, _)| id);
        self.pick_up(end).await;
        Some(())
    }

    /// Takes the phone in hand with what the page says.
    async fn pick_up(&mut self, end: &End) {
        let leaves_passcode = matches!(self.kind, Kind::Intune | Kind::Android);
        if end.is_done() && !leaves_passcode && !self.mdm().opens(&self.phone, None) {
            self.lie("told that it is done, and the phone does not open without a passcode");
        }
        let is_shown = end.is_done() || (end.is_unknown() && self.kind == Kind::Android);
        if !leaves_passcode || !is_shown || self.chance.in_a_hundred(40) {
            return;
        }
        let fields = [("device", self.device.as_str())];
        let answer = patiently(self.browser.try_call("reveal_passcode", &fields)).await;
        match answer {
            Some(Answer { status: 200, body, .. }) => {
                let shown: Value = serde_json::from_str(&body).unwrap_or_default();
                let passcode = shown["passcode"].as_str().unwrap_or_default().to_owned();
                self.try_passcode(end, &passcode);
            }
            // Their sign-in is too old, by one clock or the other.
            Some(Answer { status: 410, .. }) => {
                self.lie("the temporary passcode is gone before it was shown")
            }
            _ => return,
        }
        if self.chance.in_a_hundred(50) {
            let done = patiently(self.browser.try_call("forget_passcode", &fields)).await;
            if done.is_none_or(|answer| answer.status != 200) {
                return;
            }
            let again = patiently(self.browser.try_call("reveal_passcode", &fields)).await;
            if again.is_some_and(|answer| answer.status == 200) {
                self.lie("a passcode is shown again after Done");
            }
        }
    }

    fn try_passcode(&self, end: &End, passcode: &str) {
        let opens = self.mdm().opens(&self.phone, Some(passcode));
        if end.is_done() && !opens {
            self.lie(&format!("the passcode that is shown ({passcode}) does not open the phone"));
        }
        let all = self.mdm().executions(&self.phone);
        if end.is_unknown() && !opens && all.len() > self.counted {
            self.lie(&format!("the passcode that may be the one ({passcode}) is not the one of the phone"));
        }
    }

    fn goes_offline(&mut self) {
        let millis = self.chance.within(500, 6_000);
        let (mdm, phone) = (self.mdm().clone(), self.phone.clone());
        mdm.set_online(&phone, false);
        tokio::spawn(async move {
            sleep(Duration::from_millis(millis)).await;
            mdm.set_online(&phone, true);
        });
    }

    async fn pass(&self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end && !self.gate.is_over() {
            sleep(SOON).await;
        }
    }

    fn mdm(&self) -> &StandIn {
        self.cluster.mdm(self.kind)
    }

    fn lie(&self, what: &str) {
        let command = self.resets.last().map_or("before the first", |reset| reset.command.as_str());
        let told = format!("{} (last command {command}): {what}", self.device);
        eprintln!("  not true: {told}");
        self.gate.lies.lock().unwrap().push(told);
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

async fn patiently(asking: impl Future<Output = Option<Answer>>) -> Option<Answer> {
    timeout(PATIENCE, asking).await.ok().flatten()
}

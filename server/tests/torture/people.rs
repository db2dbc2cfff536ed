//! Whoever forgets a passcode again and again, and what they are told.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use stand_ins::{Kind, StandIn};
use tokio::time::{Instant, sleep, timeout};

use crate::book::{End, Gate, Reset};
use crate::chance::Chance;
use crate::cluster::{Cluster, device, password, phone, user_name};
use crate::support::{Answer, Browser};

/// Nobody looks at a blank page for longer.
const PATIENCE: Duration = Duration::from_secs(12);
pub const SOON: Duration = Duration::from_millis(300);
/// Whoever was told that nobody knows looks at the phone for so long: longer than any replica stands still and any order
/// is on its way.
const UNKNOWN: Duration = Duration::from_secs(25);
const PURPOSE: u64 = 1000;

/// One person with one phone and one browser.
pub struct Visitor {
    cluster: Arc<Cluster>,
    pub gate: Arc<Gate>,
    person: usize,
    pub kind: Kind,
    pub device: String,
    pub phone: String,
    pub browser: Browser,
    pub chance: Chance,
    pub is_signed_in: bool,
    /// The newest command of the phone and the newest notification of it, as they were shown.
    pub last: Option<String>,
    pub news: Option<String>,
    /// The newest notification of the person.
    pub cursor: i64,
    pub resets: Vec<Reset>,
    /// How much of what the phone did belongs to what was told before.
    pub counted: usize,
    is_open: bool,
    passcodes: BTreeSet<String>,
}

enum Submitted {
    Acknowledged,
    Refused,
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
        if let Some(news) = self.hear_news().await {
            self.news = news.map(|(id, _)| id);
        }
        self.counted = self.mdm().executions(&self.phone).len();
        while !self.gate.is_over() && self.reset().await.is_some() {}
        self
    }

    /// None: it is over.
    async fn reset(&mut self) -> Option<()> {
        self.prove().await?;
        if self.gate.is_over() {
            return None;
        }
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
        if let Some(Some(last)) = self.look().await {
            if self.last.as_ref() != Some(&last.id) {
                self.settle_accounts();
                self.begin(&last.id, false);
            }
            let is_told = self.resets.last().is_none_or(|reset| reset.end.is_some());
            if let Some(end) = last.end.filter(|_| !is_told) {
                self.ended(&end).await;
            }
        }
        self.settle_accounts();
    }

    /// Resets a phone that nobody switches on any more.
    pub async fn reset_in_vain(&mut self) -> Option<()> {
        self.prove().await?;
        self.mdm().forget_passcode(&self.phone);
        self.mdm().set_online(&self.phone, false);
        let Submitted::Acknowledged = self.submit().await? else { return None };
        let last = self.look().await??;
        self.begin(&last.id, true);
        Some(())
    }

    /// And what they are told of it in the end.
    pub async fn hear_of_it(&mut self) {
        if !self.is_open {
            return;
        }
        if let Some(end) = self.poll().await {
            self.ended(&end).await;
        }
        self.settle_accounts();
        self.mdm().set_online(&self.phone, true);
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
        while !self.gate.is_closed() {
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
    pub async fn sign_in(&mut self) -> Option<String> {
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

    pub fn mdm(&self) -> &StandIn {
        self.cluster.mdm(self.kind)
    }

    pub fn lie(&self, what: &str) {
        let command = self.resets.last().map_or("before the first", |reset| reset.command.as_str());
        let told = format!("{} (last command {command}): {what}", self.device);
        eprintln!("  not true: {told}");
        self.gate.lies.lock().unwrap().push(told);
    }
}

pub async fn patiently(asking: impl Future<Output = Option<Answer>>) -> Option<Answer> {
    timeout(PATIENCE, asking).await.ok().flatten()
}

//! A phone's place in an MDM: what the MDM wants of it, and what it did.

use serde_json::Value;

use crate::phone::{Execution, Phone};

/// A phone takes this long to notice that something waits for it, so that a client cannot rely on an outcome at once.
pub(crate) const NOTICES_AFTER_MS: i64 = 300;

#[derive(PartialEq, Eq)]
pub(crate) enum Passcode {
    /// The one it begins with.
    Unknown,
    None,
    Is(String),
}

pub(crate) enum Task {
    /// Intune: an action by its name.
    Action(&'static str),
    /// NanoMDM: the `Command` of the plist.
    Apple(plist::Dictionary),
    /// Android Management: the command as it was issued.
    Android(Value),
    /// Fleet: clear the passcode.
    Clear,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Waiting,
    /// The phone was asked and put it off; it is asked again.
    NotNow,
    /// With the passcode that the MDM is told.
    Done(Option<String>),
    /// With the reason in the protocol's own word.
    Failed(&'static str),
    Cancelled,
    Expired,
    /// The phone enrolled anew before it was offered.
    Cleared,
}

pub(crate) struct Record {
    pub id: String,
    pub task: Task,
    pub issued: i64,
    /// After this the MDM gives it up.
    pub until: Option<i64>,
    pub state: State,
    pub changed: i64,
}

impl Record {
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Waiting | State::NotNow)
    }

    pub fn close(&mut self, state: State, now: i64) {
        self.state = state;
        self.changed = now;
    }
}

pub(crate) struct Seat {
    pub phone: Phone,
    pub online: bool,
    pub retired: bool,
    pub refuses: bool,
    pub not_now: bool,
    pub passcode: Passcode,
    pub records: Vec<Record>,
    pub executions: Vec<Execution>,
    /// NanoMDM: the only token that opens it.
    pub unlock_token: Vec<u8>,
    /// NanoMDM: whether a `TokenUpdate` carries the token.
    pub tells_token: bool,
    pub token_updates: u64,
    /// NanoMDM: how often somebody tried to open it with another token.
    pub wrong_tokens: usize,
    /// Fleet: `lock` or `wipe` while one is under way.
    pub pending_action: String,
}

impl Seat {
    pub fn new(phone: Phone, unlock_token: Vec<u8>) -> Self {
        Self {
            tells_token: phone.ready != crate::Ready::NoToken && phone.system == crate::System::Ios,
            phone,
            online: true,
            retired: false,
            refuses: false,
            not_now: false,
            passcode: Passcode::Unknown,
            records: Vec::new(),
            executions: Vec::new(),
            unlock_token,
            token_updates: 0,
            wrong_tokens: 0,
            pending_action: String::new(),
        }
    }

    pub fn issue(&mut self, id: String, task: Task, now: i64, until: Option<i64>) {
        self.records.push(Record { id, task, issued: now, until, state: State::Waiting, changed: now });
    }

    /// What the phone would do now. A command it has put off comes up again only when it changed its mind or was
    /// `asked` on purpose, or every tick would be a new `NotNow`.
    pub fn due(&self, now: i64, asked: bool) -> Vec<usize> {
        if !self.online || self.retired {
            return Vec::new();
        }
        let put_off = |record: &Record| record.state == State::NotNow && self.not_now && !asked;
        let is_due =
            |record: &Record| record.is_open() && now - record.issued >= NOTICES_AFTER_MS && !put_off(record);
        (0..self.records.len()).filter(|at| is_due(&self.records[*at])).collect()
    }

    /// The phone resets its passcode.
    pub fn reset(&mut self, at: usize, passcode: Option<String>) {
        self.passcode = passcode.clone().map_or(Passcode::None, Passcode::Is);
        self.executions.push(Execution { command: self.records[at].id.clone(), passcode });
    }

    pub fn clear(&mut self, now: i64) {
        self.records.iter_mut().filter(|r| r.is_open()).for_each(|r| r.close(State::Cleared, now));
    }

    pub fn expire(&mut self, now: i64) {
        let over = |record: &&mut Record| record.is_open() && record.until.is_some_and(|until| until <= now);
        self.records.iter_mut().filter(over).for_each(|r| r.close(State::Expired, now));
    }
}

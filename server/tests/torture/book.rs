//! What people were told, as they wrote it down.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use stand_ins::{Execution, Kind};

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

    pub fn is_closed(&self) -> bool {
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

//! What can go wrong between a client and an MDM.

use std::collections::VecDeque;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Wait so long, then do it and answer. It is done even when the client has gone meanwhile.
    Slow(Duration),
    /// 429 with so many seconds in `Retry-After`; nothing is done.
    Throttle { retry_after: u32 },
    /// That status in the server's own error shape; nothing is done.
    Status(u16),
    /// Close the connection without doing anything.
    Cut,
    /// Do it, then close without an answer.
    CutAfter,
    /// Do it, then answer after so long.
    SlowAfter(Duration),
    /// 200 with a page, as a captive portal would; nothing is done.
    Html,
    /// 200 with 8 MiB of JSON; nothing is done.
    Huge,
    /// 307 to there; nothing is done.
    Redirect(String),
    /// Do it, but the answer is about another device.
    AnotherDevice,
    /// Do it, and answer 200 with JSON that is cut in the middle.
    HalfJson,
}

struct Planned {
    fault: Fault,
    /// Only for requests whose line contains it; `None` = any that asks for no token.
    only: Option<String>,
    left: usize,
}

/// The faults to come, in the order they were asked for.
#[derive(Default)]
pub(crate) struct Faults(VecDeque<Planned>);

impl Faults {
    pub fn plan(&mut self, only: Option<&str>, fault: Fault, requests: usize) {
        if requests > 0 {
            self.0.push_back(Planned { fault, only: only.map(str::to_owned), left: requests });
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What this request suffers: the first fault in the queue that is meant for it.
    pub fn next(&mut self, line: &str, for_token: bool) -> Option<Fault> {
        let meant = |planned: &Planned| planned.only.as_ref().map_or(!for_token, |part| line.contains(part));
        let at = self.0.iter().position(meant)?;
        let planned = &mut self.0[at];
        let fault = planned.fault.clone();
        if planned.left != usize::MAX {
            planned.left -= 1;
        }
        if planned.left == 0 {
            self.0.remove(at);
        }
        Some(fault)
    }
}

use serde::{Deserialize, Serialize};

use crate::notification::Notification;
use crate::person::{PersonId, SessionId};

/// What happened, for whoever holds pages open. Carries ids only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Something the person can see has changed.
    Changed(PersonId),
    SessionEnded(SessionId),
    /// Every session of the person but this one, if any.
    SessionsEnded {
        person: PersonId,
        except: Option<SessionId>,
    },
    /// Some signals of other replicas may not have been heard: whoever listens looks at the rows.
    Missed,
}

/// What the flag shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bell {
    pub unread: u32,
    /// The newest notification there is, or zero.
    pub cursor: i64,
}

/// One message of the live stream: the whole truth the bell needs, so that a lost message costs nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveUpdate {
    pub unread: u32,
    /// Whether what the person can see may be another than when their page was drawn.
    pub changed: bool,
    /// The newest notification there is; a reconnecting page asks for what came after it.
    pub cursor: i64,
    /// What came after the cursor the page had.
    pub fresh: Vec<Notification>,
}

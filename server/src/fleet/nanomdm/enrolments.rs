//! What is kept of the devices of an MDM that lists none.

use std::collections::HashSet;

use async_trait::async_trait;
use domain::Timestamp;
use domain::device::FleetId;
use domain::ports::{Sealed, StoreError};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The MDM's own id of it.
    pub device: String,
    pub facts: Facts,
    pub ended_at: Option<Timestamp>,
    /// It has named two serial numbers, which no device has.
    pub disputed: bool,
    pub heard_at: Timestamp,
    /// What clears its passcode. It opens the phone.
    pub token: Option<Sealed>,
}

/// What a device says of itself. Empty: it has not said it. Its serial number decides whose it is, so the first that it
/// says is the one that counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub serial: String,
    pub name: String,
    pub model: String,
    pub product: String,
    pub version: String,
}

/// Each with the MDM's time of it: what comes late changes nothing that came of something later.
#[derive(Clone, Debug)]
pub enum Change {
    /// What was kept of an enrolment before is void, its token first of all: a wrong one can make a device erase itself.
    Enrolled {
        facts: Facts,
        at: Timestamp,
    },
    /// Without a token it leaves the one that is kept.
    Updated {
        token: Option<Sealed>,
        at: Timestamp,
    },
    CheckedOut {
        at: Timestamp,
    },
    Described {
        facts: Facts,
        at: Timestamp,
    },
    Heard {
        at: Timestamp,
    },
}

/// For the doctor: of iPhones and iPads, which alone give an unlock token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    pub current: u32,
    pub with_token: u32,
    pub heard_at: Option<Timestamp>,
    pub disputed: Vec<String>,
    /// In small letters.
    pub serials: HashSet<String>,
}

#[async_trait]
pub trait Enrolments: Send + Sync {
    async fn enrolment(&self, fleet: &FleetId, device: &str) -> Result<Option<Enrolment>, StoreError>;
    async fn with_serials(&self, fleet: &FleetId, serials: &[&str]) -> Result<Vec<Enrolment>, StoreError>;
    /// Whether it changed what was known of the enrolment.
    async fn apply(&self, fleet: &FleetId, device: &str, change: Change) -> Result<bool, StoreError>;
    async fn census(&self, fleet: &FleetId) -> Result<Census, StoreError>;
}

impl Enrolment {
    pub fn is_current(&self) -> bool {
        self.ended_at.is_none()
    }
}

impl Change {
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Enrolled { at, .. }
            | Self::Updated { at, .. }
            | Self::CheckedOut { at }
            | Self::Described { at, .. }
            | Self::Heard { at } => *at,
        }
    }
}

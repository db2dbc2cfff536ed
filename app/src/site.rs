use serde::{Deserialize, Serialize};

/// What the operator says about the organisation and whom to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    pub organisation: String,
    pub contact: Contact,
    /// The demo organisation: its accounts are shown on the sign-in page and its phones can be picked up.
    pub demo: bool,
}

/// The IT helpdesk. What is empty is not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub name: String,
    pub phone: String,
    pub email: String,
    pub website: String,
    pub notes: String,
}

use serde::{Deserialize, Serialize};

/// Where the organisation's logo is served.
pub const LOGO: &str = "/logo";

/// What the operator says about the organisation and whom to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    pub organisation: String,
    /// Whether there is one at [`LOGO`].
    pub logo: bool,
    /// The organisation's colour, as it goes after Latchkey's own style.
    pub style: Option<String>,
    /// Empty: there is none.
    pub privacy_url: String,
    /// Of the times that the server writes.
    pub time_zone: String,
    pub contact: Contact,
    /// Who else signs people in, in the order of the settings.
    pub providers: Vec<Provider>,
    /// The demo organisation: its accounts are shown on the sign-in page and its phones can be picked up.
    pub demo: bool,
}

/// An identity provider of the organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    pub id: String,
    pub name: String,
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

#[cfg(feature = "ssr")]
pub fn zone_named(name: &str) -> Option<jiff::tz::TimeZone> {
    jiff::tz::TimeZone::get(name).ok()
}

//! Who is asking, as the host found out before a page or a server function runs.

use std::sync::Arc;

use domain::Refusal;
use domain::account::TokenHash;
use domain::person::Actor;
use domain::portal::Portal;
use leptos::prelude::*;

use crate::api::reveal_passcode::Revealed;
use crate::error::AppError;

/// Put into the request's extensions by the host.
#[derive(Clone, Default)]
pub struct Visitor {
    pub actor: Option<Actor>,
    /// The hash of the browser's window cookie.
    pub browser: Option<TokenHash>,
    /// Whether the portal can have passkeys under the name it was asked for.
    pub passkeys: PasskeysHere,
    /// A plain form was refused: the page it came from is drawn again and says so at its top.
    pub refused: Option<Refusal>,
    /// A plain form asked for the temporary passcode: this answer alone shows it.
    pub revealed: Option<Revealed>,
    /// New recovery codes: this answer alone shows them.
    pub recovery_codes: Option<RecoveryCodes>,
}

/// A passkey belongs to a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PasskeysHere {
    Possible,
    /// Not under a number, but at this address.
    OnlyAt(String),
    #[default]
    Impossible,
}

/// Has no `Debug`, so that no log can hold them.
#[derive(Clone)]
pub struct RecoveryCodes(pub Vec<String>);

impl Visitor {
    /// Such an answer is drawn once by the server and stays as it is: its address is a form's, not a page's.
    pub fn is_static(&self) -> bool {
        self.refused.is_some() || self.revealed.is_some() || self.recovery_codes.is_some()
    }
}

pub fn visitor() -> Visitor {
    use_context::<http::request::Parts>()
        .and_then(|parts| parts.extensions.get::<Visitor>().cloned())
        .unwrap_or_default()
}

pub fn actor() -> Result<Actor, AppError> {
    visitor().actor.ok_or(AppError(Refusal::NotSignedIn))
}

pub fn portal() -> Arc<Portal> {
    expect_context::<Arc<Portal>>()
}

use domain::Timestamp;
use domain::account::SignedIn;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::AppError;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sessions {
    pub list: Vec<SignedIn>,
    /// Whether the person has a password of ours, which can be changed here.
    pub with_password: bool,
    pub now: Timestamp,
}

/// Where the person is signed in.
#[server(name = AskSessions, prefix = "/api", endpoint = "sessions")]
pub async fn sessions() -> Result<Sessions, AppError> {
    use crate::visitor::{actor, portal};

    let (portal, actor) = (portal(), actor()?);
    let (list, now) = portal.sessions(&actor).await?;
    let with_password = portal.has_password(&actor).await?;
    Ok(Sessions { list, with_password, now })
}

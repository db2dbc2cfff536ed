use domain::Timestamp;
use domain::account::SignedIn;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::AppError;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sessions {
    pub list: Vec<SignedIn>,
    pub now: Timestamp,
}

/// Where the person is signed in.
#[server(name = AskSessions, prefix = "/api", endpoint = "sessions")]
pub async fn sessions() -> Result<Sessions, AppError> {
    use crate::visitor::{actor, portal};

    let (list, now) = portal().sessions(&actor()?).await?;
    Ok(Sessions { list, now })
}

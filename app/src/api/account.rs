use domain::Timestamp;
use domain::account::SignedIn;
use domain::passkey::PasskeyId;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::AppError;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Where the person is signed in.
    pub sessions: Vec<SignedIn>,
    /// What opens the account; `None` when an identity provider does.
    pub keys: Option<Keys>,
    pub now: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// Oldest first.
    pub passkeys: Vec<ShownPasskey>,
    pub recovery_codes_left: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownPasskey {
    pub id: PasskeyId,
    pub agent: String,
    pub added_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

#[server(name = AskAccount, prefix = "/api", endpoint = "account")]
pub async fn account() -> Result<Account, AppError> {
    use crate::visitor::{actor, portal};

    let (portal, actor) = (portal(), actor()?);
    let (sessions, now) = portal.sessions(&actor).await?;
    let keys = if portal.has_password(&actor).await? {
        let passkeys = portal.passkeys(actor.person.id).await?.into_iter().map(|one| ShownPasskey {
            id: one.id,
            agent: one.agent,
            added_at: one.added_at,
            used_at: one.used_at,
        });
        Some(Keys {
            passkeys: passkeys.collect(),
            recovery_codes_left: portal.recovery_codes_left(&actor).await?,
        })
    } else {
        None
    };
    Ok(Account { sessions, keys, now })
}

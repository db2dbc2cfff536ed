use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::AppError;
use crate::site::Site;

/// What every page needs: the organisation, and who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shell {
    pub site: Site,
    pub me: Option<Me>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    pub name: String,
    pub user_name: String,
    pub unread: u32,
    /// The newest notification this page knows of.
    pub cursor: i64,
}

#[server(name = AskShell, prefix = "/api", endpoint = "shell")]
pub async fn shell() -> Result<Shell, AppError> {
    use crate::visitor::{portal, visitor};

    let site = expect_context::<Site>();
    let Some(actor) = visitor().actor else {
        return Ok(Shell { site, me: None });
    };
    let bell = portal().bell(&actor).await?;
    let me = Me {
        user_name: actor.person.account_name().to_owned(),
        name: actor.person.name,
        unread: bell.unread,
        cursor: bell.cursor,
    };
    Ok(Shell { site, me: Some(me) })
}

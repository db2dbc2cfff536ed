use domain::Timestamp;
use domain::audit::Happened;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::AppError;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatHappened {
    /// Newest first.
    pub list: Vec<Happened>,
    pub now: Timestamp,
}

/// What the audit says of the person who asks.
#[server(name = AskWhatHappened, prefix = "/api", endpoint = "what-happened")]
pub async fn what_happened() -> Result<WhatHappened, AppError> {
    use crate::visitor::{actor, portal};

    let (list, now) = portal().what_happened(&actor()?).await?;
    Ok(WhatHappened { list, now })
}

use domain::Timestamp;
use domain::notification::Notification;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::AppError;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notifications {
    /// Newest first.
    pub list: Vec<Notification>,
    pub now: Timestamp,
}

#[server(name = AskNotifications, prefix = "/api", endpoint = "notifications")]
pub async fn notifications() -> Result<Notifications, AppError> {
    use crate::visitor::{actor, portal};

    let (list, now) = portal().notifications(&actor()?).await?;
    Ok(Notifications { list, now })
}

use leptos::prelude::*;

use crate::error::AppError;

/// Marks everything up to `cursor` as read: what arrived after the page was drawn stays unread.
#[server(prefix = "/api", endpoint = "mark_read")]
pub async fn mark_read(cursor: i64) -> Result<(), AppError> {
    use crate::visitor::{actor, portal};

    portal().mark_read(&actor()?, cursor).await?;
    leptos_axum::redirect("/notifications");
    Ok(())
}

use domain::person::SessionId;
use leptos::prelude::*;

use crate::error::AppError;

/// Signs the person out in another browser.
#[server(prefix = "/api", endpoint = "end_session")]
pub async fn end_session(session: SessionId) -> Result<(), AppError> {
    use crate::visitor::{actor, portal};

    portal().end_session(&actor()?, session).await?;
    leptos_axum::redirect("/account");
    Ok(())
}

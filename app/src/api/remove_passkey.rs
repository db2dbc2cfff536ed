use domain::passkey::PasskeyId;
use leptos::prelude::*;

use crate::error::AppError;

/// It signs nobody in any more.
#[server(prefix = "/api", endpoint = "remove_passkey")]
pub async fn remove_passkey(passkey: PasskeyId) -> Result<(), AppError> {
    use crate::visitor::{actor, portal};

    portal().remove_passkey(&actor()?, &passkey).await?;
    leptos_axum::redirect("/account");
    Ok(())
}

use leptos::prelude::*;

use crate::error::AppError;

/// Ends every other session of the person.
#[server(prefix = "/api", endpoint = "change_password")]
pub async fn change_password(current: String, new: String) -> Result<(), AppError> {
    use crate::visitor::{actor, portal};

    portal().change_password(&actor()?, &current.into(), &new.into()).await?;
    leptos_axum::redirect("/account?changed");
    Ok(())
}

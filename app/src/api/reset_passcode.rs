use domain::device::DeviceId;
use leptos::prelude::*;

use crate::error::AppError;

/// Step 2 of a reset. The grant makes it happen once, so a double click or a second tab gets the first one's answer.
#[server(prefix = "/api", endpoint = "reset_passcode")]
pub async fn reset_passcode(device: DeviceId) -> Result<(), AppError> {
    use crate::visitor::{actor, portal};

    portal().reset_passcode(&actor()?, &device).await?;
    leptos_axum::redirect(&format!("/devices/{device}"));
    Ok(())
}

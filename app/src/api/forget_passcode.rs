use domain::device::DeviceId;
use leptos::prelude::*;

use crate::error::AppError;

/// "Done": erases the temporary passcode.
#[server(prefix = "/api", endpoint = "forget_passcode")]
pub async fn forget_passcode(device: DeviceId) -> Result<(), AppError> {
    use crate::visitor::{actor, portal};

    portal().forget_passcode(&actor()?, &device).await?;
    leptos_axum::redirect(&format!("/devices/{device}"));
    Ok(())
}

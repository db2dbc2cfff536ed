use domain::device::DeviceId;
use leptos::prelude::*;

use crate::error::AppError;

/// Takes back a reset that has not reached the device.
#[server(prefix = "/api", endpoint = "cancel_reset")]
pub async fn cancel_reset(device: DeviceId) -> Result<(), AppError> {
    use crate::visitor::{actor, portal};

    portal().cancel_reset(&actor()?, &device).await?;
    leptos_axum::redirect(&format!("/devices/{device}"));
    Ok(())
}

use domain::device::DeviceId;
use domain::portal::DeviceDetails;
use leptos::prelude::*;

use crate::error::AppError;

#[server(prefix = "/api", endpoint = "device")]
pub async fn device(device: DeviceId) -> Result<DeviceDetails, AppError> {
    use crate::visitor::{actor, portal};

    Ok(portal().device(&actor()?, &device).await?)
}

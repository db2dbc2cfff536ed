use domain::portal::DeviceCard;
use leptos::prelude::*;

use crate::error::AppError;

#[server(prefix = "/api", endpoint = "my_devices")]
pub async fn my_devices() -> Result<Vec<DeviceCard>, AppError> {
    use crate::visitor::{actor, portal};

    Ok(portal().my_devices(&actor()?).await?)
}

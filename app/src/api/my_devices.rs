use domain::portal::Overview;
use leptos::prelude::*;

use crate::error::AppError;

#[server(prefix = "/api", endpoint = "my_devices")]
pub async fn my_devices() -> Result<Overview, AppError> {
    use crate::visitor::{actor, portal};

    Ok(portal().my_devices(&actor()?).await?)
}

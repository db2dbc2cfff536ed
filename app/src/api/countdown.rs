use domain::sign_in::Countdown;
use leptos::prelude::*;

use crate::error::AppError;

/// The window of this browser, by the server's clock. `None` when there is none, or it was used.
#[server(name = AskCountdown, prefix = "/api", endpoint = "countdown")]
pub async fn countdown() -> Result<Option<Countdown>, AppError> {
    use crate::visitor::{portal, visitor};

    match visitor().browser {
        None => Ok(None),
        Some(browser) => Ok(portal().countdown(&browser).await?),
    }
}

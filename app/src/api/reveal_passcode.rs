use domain::Timestamp;
use domain::device::DeviceId;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::AppError;

/// Lives in the page that asked for it and nowhere else. Has no `Debug`, so that no log can hold it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revealed {
    pub passcode: String,
    pub expires_at: Timestamp,
    /// The server's time, to count down to the end.
    pub now: Timestamp,
}

/// Shows the temporary passcode to its freshly signed-in owner. Without WebAssembly, `POST /devices/{id}/passcode` does it.
#[server(prefix = "/api", endpoint = "reveal_passcode")]
pub async fn reveal_passcode(device: DeviceId) -> Result<Revealed, AppError> {
    use crate::visitor::{actor, portal};
    use secrecy::ExposeSecret;

    let portal = portal();
    let revealed = portal.reveal_passcode(&actor()?, &device).await?;
    Ok(Revealed {
        passcode: revealed.passcode.expose_secret().to_owned(),
        expires_at: revealed.expires_at,
        now: portal.now(),
    })
}

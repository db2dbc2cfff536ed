use app::api::reveal_passcode::Revealed;
use app::visitor::Visitor;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use domain::device::DeviceId;
use secrecy::ExposeSecret;

use crate::host::Host;
use crate::refused::Refused;

/// Leaves as an extension: [`super::forms`] draws the device's page around it.
pub async fn reveal(
    State(host): State<Host>,
    Extension(visitor): Extension<Visitor>,
    Path(device): Path<String>,
) -> Result<Response, Refused> {
    let actor = visitor.actor.ok_or(Refused(Refusal::NotSignedIn))?;
    let device: DeviceId = device.parse().map_err(|_| Refused(Refusal::NotFound))?;
    let revealed = host.portal.reveal_passcode(&actor, &device).await?;
    let mut response = ().into_response();
    response.extensions_mut().insert(Revealed {
        passcode: revealed.passcode.expose_secret().to_owned(),
        expires_at: revealed.expires_at,
        now: host.portal.now(),
    });
    Ok(response)
}

use app::visitor::{RecoveryCodes, Visitor};
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form};
use domain::Refusal;

use crate::host::Host;
use crate::refused::{Refused, readable};
use crate::signin::routes::CurrentPassword;

/// Leave as an extension: [`super::forms`] draws the account's page around them.
pub async fn make(
    State(host): State<Host>,
    Extension(visitor): Extension<Visitor>,
    form: Result<Form<CurrentPassword>, FormRejection>,
) -> Result<Response, Refused> {
    let form = readable(form)?;
    let actor = visitor.actor.ok_or(Refused(Refusal::NotSignedIn))?;
    let codes = host.portal.make_recovery_codes(&actor, &form.current).await?;
    let mut response = ().into_response();
    response.extensions_mut().insert(RecoveryCodes(codes));
    Ok(response)
}

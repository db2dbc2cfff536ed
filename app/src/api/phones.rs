//! The phones of the virtual fleet, as somebody holding them: demo only, and nobody needs to sign in to pick one up.

use domain::Timestamp;
use domain::device::DeviceId;
use domain::phone::{Phone, Unlocking};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::AppError;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneView {
    pub phone: Phone,
    pub now: Timestamp,
}

#[server(prefix = "/api", endpoint = "phones/list")]
pub async fn phones() -> Result<Vec<Phone>, AppError> {
    Ok(hands()?.phones().await?)
}

#[server(name = AskPhone, prefix = "/api", endpoint = "phones/one")]
pub async fn phone(device: DeviceId) -> Result<PhoneView, AppError> {
    let phone = hands()?.phone(&device).await?.ok_or(domain::Refusal::NotFound)?;
    Ok(PhoneView { phone, now: crate::visitor::portal().now() })
}

/// The answer is in the address as well, so that a page without WebAssembly shows it after the redirect.
#[server(prefix = "/api", endpoint = "phones/unlock")]
pub async fn unlock(device: DeviceId, passcode: Option<String>) -> Result<Unlocking, AppError> {
    let answer = hands()?.unlock(&device, &passcode.unwrap_or_default().into()).await?;
    back_to(&device, Some(answer));
    Ok(answer)
}

#[server(prefix = "/api", endpoint = "phones/lock")]
pub async fn lock(device: DeviceId) -> Result<(), AppError> {
    hands()?.lock(&device).await?;
    back_to(&device, None);
    Ok(())
}

/// An empty code removes the passcode.
#[server(prefix = "/api", endpoint = "phones/set_passcode")]
pub async fn set_passcode(device: DeviceId, own_code: String) -> Result<(), AppError> {
    hands()?.set_passcode(&device, &own_code.into()).await?;
    back_to(&device, None);
    Ok(())
}

#[server(prefix = "/api", endpoint = "phones/set_online")]
pub async fn set_online(device: DeviceId, online: bool) -> Result<(), AppError> {
    hands()?.set_online(&device, online).await?;
    back_to(&device, None);
    Ok(())
}

#[server(prefix = "/api", endpoint = "phones/retire")]
pub async fn retire(device: DeviceId) -> Result<(), AppError> {
    hands()?.retire(&device).await?;
    back_to(&device, None);
    Ok(())
}

#[server(prefix = "/api", endpoint = "phones/give_to")]
pub async fn give_to(device: DeviceId, user_name: String) -> Result<(), AppError> {
    hands()?.give_to(&device, &user_name).await?;
    back_to(&device, None);
    Ok(())
}

/// Outside the demo there is no such address.
#[cfg(feature = "ssr")]
fn hands() -> Result<std::sync::Arc<dyn domain::phone::Hands>, AppError> {
    use_context().ok_or(AppError(domain::Refusal::NotFound))
}

#[cfg(feature = "ssr")]
fn back_to(device: &DeviceId, answer: Option<Unlocking>) {
    let said = match answer {
        Some(Unlocking::Unlocked) => "?unlocked",
        Some(Unlocking::WrongPasscode) => "?wrong",
        None => "",
    };
    leptos_axum::redirect(&format!("/phones/{device}{said}"));
}

//! One page a file: it loads, decides what to show, and leaves the showing to components.

pub mod account;
pub mod contact;
pub mod device;
pub mod devices;
pub mod not_found;
pub mod notifications;
pub mod phone;
pub mod phones;
pub mod reset;
pub mod sign_in;

use domain::Refusal;
use domain::device::DeviceId;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::error::AppError;

/// The device a page's address names, if it can be the name of any.
pub fn device_in_address() -> Result<DeviceId, AppError> {
    let id = use_params_map().read_untracked().get("id").and_then(|id| id.parse().ok());
    id.ok_or(AppError(Refusal::NotFound))
}

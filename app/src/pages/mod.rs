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

use domain::device::DeviceId;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// The device a page's address names; `None` when it cannot be the name of any.
pub fn device_in_address() -> Memo<Option<DeviceId>> {
    let params = use_params_map();
    Memo::new(move |_| params.read().get("id").and_then(|id| id.parse().ok()))
}

//! A managedDevice: what is read of it, and what that means here.

use domain::Timestamp;
use domain::device::{Capability, Device, DeviceId, FleetId, Platform, WhyNot};
use domain::passcode::{Maker, PasscodePolicy};
use serde::Deserialize;

use super::results::ActionResult;
use crate::fleet::calls::json_date;

pub const FIELDS: &str = "id,userId,userPrincipalName,deviceName,operatingSystem,osVersion,manufacturer,model,\
                          serialNumber,lastSyncDateTime,deviceEnrollmentType,deviceActionResults";

/// A phone tells Intune of itself every eight hours.
const HEARD_OF_SECONDS: i64 = 24 * 60 * 60;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ManagedDevice {
    pub id: String,
    pub user_id: Option<String>,
    pub user_principal_name: Option<String>,
    pub serial_number: Option<String>,
    device_name: Option<String>,
    operating_system: Option<String>,
    os_version: Option<String>,
    manufacturer: Option<String>,
    model: Option<String>,
    last_sync_date_time: Option<String>,
    device_enrollment_type: Option<String>,
    pub device_action_results: Option<Vec<ActionResult>>,
}

impl ManagedDevice {
    /// None when its id is none that Intune has.
    pub fn as_device(&self, fleet: &FleetId, now: Timestamp) -> Option<Device> {
        let last_seen = self.last_sync_date_time.as_deref().and_then(json_date).unwrap_or_default();
        let maker = self.manufacturer.as_deref().unwrap_or_default();
        let model = self.model.as_deref().unwrap_or_default();
        let system = self.operating_system.as_deref().unwrap_or_default();
        let version = self.os_version.as_deref().unwrap_or_default();
        Some(Device {
            id: DeviceId::new(fleet, &self.id).ok()?,
            name: self
                .device_name
                .clone()
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| model.to_owned()),
            model: if model.starts_with(maker) { model.to_owned() } else { format!("{maker} {model}") },
            system: format!("{system} {version}").trim().to_owned(),
            platform: self.platform(),
            last_seen,
            online: now.seconds_since(last_seen) < HEARD_OF_SECONDS,
            policy: PasscodePolicy { min_length: 0, maker: Maker::Mdm },
            reset: self.capability(),
        })
    }

    /// As far as it can be told before it is tried.
    pub fn capability(&self) -> Capability {
        let platform = self.platform();
        let enrolment = self.device_enrollment_type.as_deref().unwrap_or_default();
        match platform {
            Platform::Ios if enrolment.starts_with("appleUserEnrollment") => {
                Capability::Impossible(WhyNot::PersonalEnrolment)
            }
            // The older way of managing Android lost its reset with 7.0, the newer one has it since 8.0.
            Platform::Android if self.version() == Some(7) => Capability::Impossible(WhyNot::VersionCannot),
            platform => platform.capability(),
        }
    }

    fn platform(&self) -> Platform {
        let system = self.operating_system.as_deref().unwrap_or_default().to_ascii_lowercase();
        let has = |part: &str| system.contains(part);
        if has("android") {
            Platform::Android
        } else if has("windows") && (has("phone") || has("mobile")) {
            let is_old = self.version() == Some(8) || has("8.1") || has("81");
            if is_old { Platform::WindowsPhone81 } else { Platform::Windows10Mobile }
        } else if has("windows") {
            Platform::Windows
        } else if has("mac") {
            Platform::MacOs
        } else if system == "ios" || system == "ipados" {
            Platform::Ios
        } else {
            Platform::Other
        }
    }

    fn version(&self) -> Option<u32> {
        self.os_version.as_deref()?.split('.').next()?.trim().parse().ok()
    }
}

//! A host: what is read of it, and what that means here.

use domain::Timestamp;
use domain::device::{Capability, Device, DeviceId, FleetId, Platform, WhyNot};
use domain::passcode::{Maker, PasscodePolicy};
use serde::Deserialize;

use crate::fleet::calls::json_date;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Host {
    pub id: u64,
    pub uuid: String,
    pub hardware_serial: String,
    display_name: String,
    computer_name: String,
    hostname: String,
    platform: String,
    os_version: String,
    hardware_model: String,
    seen_time: Option<String>,
    status: String,
    mdm: Option<Management>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Management {
    enrollment_status: Option<String>,
    device_status: Option<String>,
    pending_action: Option<String>,
}

/// Fleet's own name for what it was told to do.
#[derive(Deserialize)]
pub struct ClearingPasscode {
    #[serde(default)]
    pub command_uuid: String,
}

/// Its payload and its result may tell of the device, and are not read.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct CommandResult {
    pub host_uuid: String,
    pub status: String,
}

impl Host {
    pub fn as_device(&self, fleet: &FleetId, now: Timestamp) -> Option<Device> {
        let names = [&self.display_name, &self.computer_name, &self.hostname, &self.hardware_model];
        let name = names.into_iter().find(|name| !name.is_empty()).cloned().unwrap_or_default();
        Some(Device {
            id: DeviceId::new(fleet, &self.id.to_string()).ok()?,
            name,
            model: self.hardware_model.clone(),
            system: self.os_version.clone(),
            platform: self.platform(),
            last_seen: self.seen_time.as_deref().and_then(json_date).unwrap_or(now),
            online: self.status == "online",
            // It makes an Android phone open without any.
            policy: PasscodePolicy { min_length: 0, maker: Maker::Nobody },
            reset: self.capability(),
        })
    }

    /// As far as it can be told before it is tried.
    pub fn capability(&self) -> Capability {
        let says = |of: fn(&Management) -> &Option<String>| {
            self.mdm.as_ref().and_then(|mdm| of(mdm).as_deref()).unwrap_or_default().to_ascii_lowercase()
        };
        let pending = says(|mdm| &mdm.pending_action);
        let status = says(|mdm| &mdm.device_status);
        if self.platform().capability() != Capability::Possible {
            Capability::Impossible(WhyNot::PlatformCannot)
        } else if says(|mdm| &mdm.enrollment_status).contains("personal") {
            Capability::Impossible(WhyNot::PersonalEnrolment)
        } else if matches!(pending.as_str(), "wipe" | "lock") || matches!(status.as_str(), "wiped" | "locked")
        {
            Capability::Impossible(WhyNot::LostOrWiped)
        } else {
            Capability::Possible
        }
    }

    fn platform(&self) -> Platform {
        match self.platform.as_str() {
            "ios" | "ipados" => Platform::Ios,
            "android" => Platform::Android,
            "darwin" => Platform::MacOs,
            "windows" => Platform::Windows,
            _ => Platform::Other,
        }
    }
}

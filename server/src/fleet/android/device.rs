//! A device of the enterprise: what is read of it, and what that means here.

use domain::Timestamp;
use domain::device::{Capability, Device, DeviceId, FleetId, Platform, WhyNot};
use domain::passcode::{Maker, PasscodePolicy};
use serde::Deserialize;
use serde_json::Value;

use crate::fleet::calls::json_date;

/// A phone reports at least once a day.
const HEARD_OF_SECONDS: i64 = 24 * 60 * 60;
/// Android 8: since then a work profile's passcode can be reset.
const WORK_PROFILE_LEVEL: i32 = 26;
/// Of a device that tells of each of its apps, the rest would be megabytes.
pub const FIELDS: &str = "name,appliedPolicyName,managementMode,state,apiLevel,lastStatusReportTime,enrollmentTokenData,\
                          hardwareInfo(brand,model,serialNumber),softwareInfo(androidVersion),\
                          nonComplianceDetails(specificNonComplianceReason)";
const NOT_CONFIRMED: &str = "PASSWORD_POLICIES_USER_CREDENTIALS_CONFIRMATION_REQUIRED";

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ManagedDevice {
    pub name: String,
    pub applied_policy_name: Option<String>,
    management_mode: String,
    state: String,
    api_level: i32,
    last_status_report_time: Option<String>,
    enrollment_token_data: String,
    hardware_info: Hardware,
    software_info: Software,
    non_compliance_details: Vec<NonCompliance>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Hardware {
    brand: String,
    model: String,
    serial_number: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Software {
    android_version: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NonCompliance {
    specific_non_compliance_reason: String,
}

impl ManagedDevice {
    /// The addresses that whoever made the enrolment token wrote into it, in whatever form.
    pub fn emails(&self) -> Vec<String> {
        let mut emails = Vec::new();
        match serde_json::from_str(&self.enrollment_token_data) {
            Ok(value) => in_json(&value, &mut emails),
            Err(_) => in_text(&self.enrollment_token_data, &mut emails),
        }
        emails
    }

    pub fn serial(&self) -> &str {
        &self.hardware_info.serial_number
    }

    pub fn is_gone(&self) -> bool {
        self.state == "DELETED"
    }

    pub fn as_device(&self, fleet: &FleetId, now: Timestamp) -> Option<Device> {
        let last_seen = self.last_status_report_time.as_deref().and_then(json_date).unwrap_or_default();
        let Hardware { brand, model, .. } = &self.hardware_info;
        let id = self.name.rsplit('/').next().filter(|_| !self.is_gone())?;
        let system = if self.software_info.android_version.is_empty() {
            "Android".to_owned()
        } else {
            format!("Android {}", self.software_info.android_version)
        };
        Some(Device {
            id: DeviceId::new(fleet, id).ok()?,
            name: if model.is_empty() { "Android".to_owned() } else { model.clone() },
            model: if model.starts_with(brand) { model.clone() } else { format!("{brand} {model}") },
            system,
            platform: Platform::Android,
            last_seen,
            online: now.seconds_since(last_seen) < HEARD_OF_SECONDS,
            policy: PasscodePolicy { min_length: 0, maker: Maker::Portal },
            reset: self.capability(),
        })
    }

    /// As far as it can be told before it is tried.
    pub fn capability(&self) -> Capability {
        let is_inactive = |detail: &NonCompliance| detail.specific_non_compliance_reason == NOT_CONFIRMED;
        let is_old = (1..WORK_PROFILE_LEVEL).contains(&self.api_level);
        match self.state.as_str() {
            "LOST" => Capability::Impossible(WhyNot::LostOrWiped),
            "PROVISIONING" => Capability::Impossible(WhyNot::InactiveToken),
            _ if self.management_mode == "PROFILE_OWNER" && is_old => {
                Capability::Impossible(WhyNot::VersionCannot)
            }
            _ if self.non_compliance_details.iter().any(is_inactive) => {
                Capability::Impossible(WhyNot::InactiveToken)
            }
            _ => Capability::Possible,
        }
    }
}

fn in_json(value: &Value, emails: &mut Vec<String>) {
    match value {
        Value::String(text) => in_text(text, emails),
        Value::Array(values) => values.iter().for_each(|value| in_json(value, emails)),
        Value::Object(values) => values.values().for_each(|value| in_json(value, emails)),
        _ => {}
    }
}

fn in_text(text: &str, emails: &mut Vec<String>) {
    let in_address =
        // All that an address may have: cut short, it would be somebody else's.
        |sign: char| sign.is_alphanumeric() || "@.!#$%&'*+/=?^_`{|}~-".contains(sign);
    let parts = text.split(|sign| !in_address(sign));
    let addresses = parts.map(|part| part.trim_matches(['.', '\''])).filter(|part| part.contains('@'));
    emails.extend(addresses.map(str::to_owned));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_whatever_was_written() {
        let emails = |data: &str| {
            let device = ManagedDevice { enrollment_token_data: data.to_owned(), ..ManagedDevice::default() };
            device.emails()
        };
        for data in [
            "ana@example.com",
            "{\"email\":\"ana@example.com\",\"team\":\"x\"}",
            "owner: <ana@example.com>.",
            "mailto:ana@example.com",
        ] {
            assert_eq!(emails(data), ["ana@example.com"], "{data}");
        }
        assert_eq!(emails("ana@example.com, ben@example.com").len(), 2);
        assert_eq!(
            emails("{\"note\":\"call\\nben@x.org\"}"),
            ["ben@x.org"],
            "as JSON has it, not as it is written"
        );
        assert_eq!(emails("r&d@example.com"), ["r&d@example.com"]);
        assert!(emails("warehouse 7").is_empty());
        assert_eq!(emails("xana@example.com"), ["xana@example.com"]);
    }
}

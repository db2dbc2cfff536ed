use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::passcode::{PasscodePolicy, ResetEffect};

/// Which configured MDM a device is managed by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FleetId(String);

/// `{fleet}.{the MDM's own id}`: names the connector and the device, so that no table has to map one to the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceId {
    fleet: FleetId,
    external: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a device id")]
pub struct NotADeviceId;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub id: DeviceId,
    pub name: String,
    pub model: String,
    /// The system as its maker names it, with the version.
    pub system: String,
    pub platform: Platform,
    /// When the MDM last heard of it.
    pub last_seen: Timestamp,
    pub online: bool,
    pub policy: PasscodePolicy,
    pub reset: Capability,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Platform {
    Android,
    Ios,
    Windows10Mobile,
    WindowsPhone81,
    MacOs,
    Windows,
    /// A system that has a name of its own, and no reset.
    Other,
}

/// Whether the passcode of a device may be reset from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Capability {
    Possible,
    Impossible(WhyNot),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhyNot {
    /// No MDM can reset the passcode of this kind of device.
    PlatformCannot,
    /// Its version of the system cannot.
    VersionCannot,
    /// The MDM no longer manages the device.
    Retired,
    /// The device has not given the MDM the token without which nobody resets an Apple passcode.
    NoUnlockToken,
    /// The person has not confirmed their screen lock since the device was enrolled.
    InactiveToken,
    /// Enrolled as a person's own device, whose passcode the organisation must not touch.
    PersonalEnrolment,
    /// Marked as lost, or about to be wiped.
    LostOrWiped,
}

impl Platform {
    pub const ALL: [Self; 7] = [
        Self::Android,
        Self::Ios,
        Self::Windows10Mobile,
        Self::WindowsPhone81,
        Self::MacOs,
        Self::Windows,
        Self::Other,
    ];

    /// What a reset leaves on a device of this platform; `None` where there is no such reset.
    #[must_use]
    pub const fn reset_effect(self) -> Option<ResetEffect> {
        match self {
            Self::Android | Self::Windows10Mobile => Some(ResetEffect::LettersAndDigits),
            Self::WindowsPhone81 => Some(ResetEffect::Digits),
            Self::Ios => Some(ResetEffect::NoPasscode),
            Self::MacOs | Self::Windows | Self::Other => None,
        }
    }

    #[must_use]
    pub const fn capability(self) -> Capability {
        match self.reset_effect() {
            Some(_) => Capability::Possible,
            None => Capability::Impossible(WhyNot::PlatformCannot),
        }
    }
}

impl WhyNot {
    pub const ALL: [Self; 7] = [
        Self::PlatformCannot,
        Self::VersionCannot,
        Self::Retired,
        Self::NoUnlockToken,
        Self::InactiveToken,
        Self::PersonalEnrolment,
        Self::LostOrWiped,
    ];
}

impl Device {
    /// An MDM whose clock is ahead of ours has not heard of it in the future.
    #[must_use]
    pub fn seen_by(self, now: Timestamp) -> Self {
        Self { last_seen: self.last_seen.min(now), ..self }
    }

    /// Whether a reset leaves a temporary passcode to be shown.
    #[must_use]
    pub fn leaves_passcode(&self) -> bool {
        self.policy.leaves_passcode(self.platform)
    }
}

impl FleetId {
    /// # Errors
    /// Anything but 1 to 32 letters, digits and hyphens.
    pub fn parse(text: &str) -> Result<Self, NotADeviceId> {
        let fits =
            (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(NotADeviceId) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DeviceId {
    /// # Errors
    /// When the MDM's id has other characters than letters, digits, `-` and `_`, or more than 128 of them.
    pub fn new(fleet: &FleetId, external: &str) -> Result<Self, NotADeviceId> {
        let fits = (1..=128).contains(&external.len())
            && external.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if fits {
            Ok(Self { fleet: fleet.clone(), external: external.to_owned() })
        } else {
            Err(NotADeviceId)
        }
    }

    #[must_use]
    pub const fn fleet(&self) -> &FleetId {
        &self.fleet
    }

    #[must_use]
    pub fn external(&self) -> &str {
        &self.external
    }
}

impl fmt::Display for FleetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.fleet, self.external)
    }
}

impl FromStr for DeviceId {
    type Err = NotADeviceId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (fleet, external) = text.split_once('.').ok_or(NotADeviceId)?;
        Self::new(&FleetId::parse(fleet)?, external)
    }
}

impl TryFrom<String> for DeviceId {
    type Error = NotADeviceId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DeviceId> for String {
    fn from(id: DeviceId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_id_survives_the_url() {
        let id: DeviceId = "virtual.6f1c-A_2".parse().unwrap();
        assert_eq!(id.fleet().as_str(), "virtual");
        assert_eq!(id.external(), "6f1c-A_2");
        assert_eq!(id.to_string().parse::<DeviceId>(), Ok(id));
    }

    #[test]
    fn what_is_no_device_id_is_refused() {
        let too_long = format!("virtual.{}", "a".repeat(129));
        for text in ["", ".", "virtual", "virtual.", ".a", "v/.a", "virtual.a/b", "virtual.a b", &too_long] {
            assert_eq!(text.parse::<DeviceId>(), Err(NotADeviceId), "{text}");
        }
    }

    #[test]
    fn only_phones_can_be_reset() {
        let possible = Platform::ALL.map(|p| p.capability() == Capability::Possible);
        assert_eq!(possible, [true, true, true, true, false, false, false]);
    }
}

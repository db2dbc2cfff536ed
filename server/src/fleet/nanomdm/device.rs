//! What an enrolment means here.

use domain::Timestamp;
use domain::device::{Capability, Device, DeviceId, FleetId, Platform, WhyNot};
use domain::passcode::{Maker, PasscodePolicy};

use super::enrolments::Enrolment;

/// Nobody knows whether it is switched on: it is told of when it is woken.
const HEARD_OF_SECONDS: i64 = 24 * 60 * 60;

/// What an unlock token is sealed for.
pub fn unlock_token_row(fleet: &FleetId, device: &str) -> Vec<u8> {
    format!("unlock token of {fleet}.{device}").into_bytes()
}

impl Enrolment {
    pub fn as_device(&self, fleet: &FleetId, now: Timestamp) -> Option<Device> {
        let facts = &self.facts;
        let model = if facts.model.is_empty() { &facts.product } else { &facts.model };
        Some(Device {
            id: DeviceId::new(fleet, &self.device).ok()?,
            name: if facts.name.is_empty() { model.clone() } else { facts.name.clone() },
            model: model.clone(),
            system: format!("{} {}", self.system(), facts.version).trim().to_owned(),
            platform: self.platform(),
            last_seen: self.heard_at,
            online: now.seconds_since(self.heard_at) < HEARD_OF_SECONDS,
            policy: PasscodePolicy { min_length: 0, maker: Maker::Nobody },
            reset: self.capability(),
        })
    }

    pub fn capability(&self) -> Capability {
        match self.platform().capability() {
            Capability::Possible if self.token.is_none() => Capability::Impossible(WhyNot::NoUnlockToken),
            capability => capability,
        }
    }

    fn platform(&self) -> Platform {
        let is = |kind: &str| self.facts.product.starts_with(kind);
        if is("iPhone") || is("iPad") || is("iPod") {
            Platform::Ios
        } else if self.facts.product.contains("Mac") {
            Platform::MacOs
        } else {
            Platform::Other
        }
    }

    fn system(&self) -> &'static str {
        match self.platform() {
            Platform::Ios if self.facts.product.starts_with("iPad") => "iPadOS",
            Platform::Ios => "iOS",
            Platform::MacOs => "macOS",
            _ => "Apple",
        }
    }
}

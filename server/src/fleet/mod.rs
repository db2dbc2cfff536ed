//! The MDMs: one connector a module, one conformance story run over all.

pub mod android;
pub mod calls;
pub mod directory;
pub mod fleetdm;
pub mod intune;
pub mod nanomdm;
pub mod ownership;
pub mod virtual_fleet;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::device::FleetId;
use domain::fleet::Connector;
use domain::ports::{Clock, Randomness, Sealer};

use crate::config::{Config, Fleet, Kind};
use crate::doctor::Finding;
use crate::fleet::calls::Calls;
use crate::fleet::nanomdm::enrolments::Enrolments;
use crate::fleet::ownership::Ownership;

/// A connector that an operator has set up.
#[async_trait]
pub trait Mdm: Connector {
    /// What the operator calls it, as people are told.
    fn name(&self) -> &str;
    /// For `latchkey doctor`: what it can do with these settings, each with its remedy. Changes nothing.
    async fn examine(&self, public_url: &str) -> Vec<Finding>;
}

/// What every connector is made with.
pub struct Means<'p> {
    pub clock: &'p Arc<dyn Clock>,
    pub random: &'p Arc<dyn Randomness>,
    pub sealer: &'p Arc<dyn Sealer>,
    pub enrolments: &'p Arc<dyn Enrolments>,
}

/// Those that the settings name.
pub fn configured(config: &Config, means: &Means<'_>) -> Result<Vec<Arc<dyn Mdm>>, String> {
    let one = |settings: &Fleet| {
        configured_one(settings, config, means).map_err(|why| format!("[[fleet]] {}: {why}", settings.id))
    };
    config.fleet.iter().map(one).collect()
}

pub fn configured_one(settings: &Fleet, config: &Config, means: &Means<'_>) -> Result<Arc<dyn Mdm>, String> {
    let at_most = Duration::from_secs(settings.timeout_seconds.into());
    let common = Common {
        id: FleetId::parse(&settings.id).map_err(|error| error.to_string())?,
        name: settings.shown_name().to_owned(),
        ownership: Ownership::new(settings.owned_by(), &config.owner),
        calls: Arc::new(Calls::new(at_most, means.clock, means.random)?),
        clock: Arc::clone(means.clock),
        random: Arc::clone(means.random),
        at_most,
    };
    Ok(match settings.kind.ok_or("kind is not set")? {
        Kind::Intune => Arc::new(intune::Intune::new(settings, common)?),
        Kind::NanoMdm => Arc::new(nanomdm::NanoMdm::new(settings, common, means)?),
        Kind::Android => Arc::new(android::Android::new(settings, common)?),
        Kind::Fleet => Arc::new(fleetdm::FleetDm::new(settings, common)?),
    })
}

/// What every connector has.
pub struct Common {
    pub id: FleetId,
    pub name: String,
    pub ownership: Ownership,
    pub calls: Arc<Calls>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Randomness>,
    /// For one answer.
    pub at_most: Duration,
}

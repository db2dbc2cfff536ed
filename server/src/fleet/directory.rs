//! All MDMs together, and what each said last. A page shows what an MDM says now when it says it soon, else what it said
//! before, with its age: one that is slow or dead slows down no page, and none of the others.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::Timestamp;
use domain::device::{Device, DeviceId, FleetId};
use domain::fleet::{Connector, FleetError, Fleets, Inventory, LastKnown};
use domain::live::Signal;
use domain::person::{Person, PersonId};
use domain::ports::{Clock, Signals};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

/// What an MDM in the network said so lately is shown at once, and asked for anew behind it.
const LATELY_MILLIS: i64 = 30_000;
/// How long a page waits for an MDM that was quick until now.
const PATIENCE: Duration = Duration::from_secs(1);
/// The same for a person of whom nothing is known yet.
const FIRST_PATIENCE: Duration = Duration::from_secs(3);
/// How long somebody who has pressed a button waits for an MDM that has to be asked.
const ASKED_AT_MOST: Duration = Duration::from_secs(15);
/// Each of the questions that a list takes is given up much sooner; a large organisation's are many.
const LISTED_AT_MOST: Duration = Duration::from_mins(5);
/// Of so many people the devices are kept in mind; beyond, those are forgotten who were not here for an hour.
const PEOPLE: usize = 10_000;
const FORGOTTEN_MILLIS: i64 = 60 * 60 * 1000;

pub struct Directory {
    mdms: Vec<Arc<Watched>>,
}

struct Watched {
    connector: Arc<dyn Connector>,
    name: String,
    clock: Arc<dyn Clock>,
    signals: Arc<dyn Signals>,
    people: Mutex<HashMap<PersonId, Known>>,
    /// The last that was asked of it took long: nobody waits for it whose devices are known.
    is_late: AtomicBool,
}

#[derive(Default)]
struct Known {
    devices: Option<Arc<Vec<Device>>>,
    /// As of when, and when that came in.
    told_at: Timestamp,
    heard_at: Timestamp,
    used_at: Timestamp,
    /// It is being asked; changes when it has answered or not.
    asking: Option<watch::Receiver<()>>,
    asking_since: Timestamp,
    /// Somebody was shown that it does not answer, meanwhile.
    outlasted: bool,
    /// Somebody was shown what it said lately, meanwhile.
    anticipated: bool,
    /// It did not say anything when it was asked last.
    failed: bool,
}

impl Directory {
    /// Each with the name that people know it by.
    pub fn new(
        mdms: Vec<(String, Arc<dyn Connector>)>,
        clock: &Arc<dyn Clock>,
        signals: &Arc<dyn Signals>,
    ) -> Self {
        let mdms = mdms.into_iter().map(|(name, connector)| {
            Arc::new(Watched {
                connector,
                name,
                clock: Arc::clone(clock),
                signals: Arc::clone(signals),
                people: Mutex::default(),
                is_late: AtomicBool::new(false),
            })
        });
        Self { mdms: mdms.collect() }
    }

    fn mdm(&self, fleet: &FleetId) -> Option<&Arc<Watched>> {
        self.mdms.iter().find(|mdm| mdm.connector.fleet() == fleet)
    }
}

#[async_trait]
impl Fleets for Directory {
    async fn inventories(&self, owner: &Person) -> Vec<Inventory> {
        let began = Instant::now();
        // All of them are asked before the first is waited for.
        let asked: Vec<_> = self.mdms.iter().map(|mdm| mdm.ask(owner)).collect();
        let mut inventories = Vec::new();
        for (mdm, asking) in self.mdms.iter().zip(asked) {
            inventories.push(mdm.inventory(owner, asking, began).await);
        }
        inventories
    }

    async fn last_known(&self, owner: &Person, id: &DeviceId) -> Result<Option<LastKnown>, FleetError> {
        let Some(mdm) = self.mdm(id.fleet()) else { return Ok(None) };
        let inventory = mdm.inventory(owner, mdm.ask(owner), Instant::now()).await;
        if inventory.silent {
            return Err(FleetError::Unreachable(format!("{} has not said anything yet", mdm.name)));
        }
        let as_of = inventory.as_of;
        let device = inventory.devices.into_iter().find(|device| device.id == *id);
        Ok(device.map(|device| LastKnown { device, as_of }))
    }

    async fn asked(&self, owner: &Person, id: &DeviceId) -> Result<Option<Device>, FleetError> {
        let Some(mdm) = self.mdm(id.fleet()) else { return Ok(None) };
        let asking = timeout(ASKED_AT_MOST, mdm.connector.device_of(owner, id));
        asking
            .await
            .unwrap_or_else(|_| Err(FleetError::Unreachable(format!("no answer in {ASKED_AT_MOST:?}"))))
    }

    fn connector(&self, fleet: &FleetId) -> Option<Arc<dyn Connector>> {
        self.mdm(fleet).map(|mdm| Arc::clone(&mdm.connector))
    }
}

impl Watched {
    /// Has it asked for this person's devices, unless it has just told them. What comes back changes when it is done.
    fn ask(self: &Arc<Self>, owner: &Person) -> Option<watch::Receiver<()>> {
        let now = self.clock.now();
        let mut people = self.people();
        if people.len() >= PEOPLE {
            people.retain(|_, known| now.millis_since(known.used_at) < FORGOTTEN_MILLIS);
        }
        let known = people.entry(owner.id).or_default();
        known.used_at = now;
        if known.is_fresh(self.connector.promises().fresh_millis, now) {
            return None;
        }
        // Whoever was to ask may have fallen over.
        if let Some(asking) = known.asking.as_ref().filter(|asking| asking.has_changed().is_ok()) {
            return Some(asking.clone());
        }
        let (done, asking) = watch::channel(());
        known.asking = Some(asking.clone());
        known.asking_since = now;
        (known.outlasted, known.anticipated) = (false, false);
        let (mdm, owner) = (Arc::clone(self), owner.clone());
        tokio::spawn(async move {
            mdm.find_out(&owner).await;
            let _ = done.send(());
        });
        Some(asking)
    }

    async fn find_out(&self, owner: &Person) {
        let (asked_at, began) = (self.clock.now(), Instant::now());
        let answer = timeout(LISTED_AT_MOST, self.connector.devices_of(owner)).await;
        let answer = answer
            .unwrap_or_else(|_| Err(FleetError::Unreachable(format!("no answer in {LISTED_AT_MOST:?}"))));
        self.is_late.store(began.elapsed() > PATIENCE, Ordering::Relaxed);
        let (is_news, failed_before) = {
            let mut people = self.people();
            let known = people.entry(owner.id).or_default();
            known.asking = None;
            let failed_before = std::mem::replace(&mut known.failed, answer.is_err());
            let mut is_news = known.outlasted;
            if let Ok(devices) = &answer {
                is_news |= known.anticipated && known.devices.as_deref() != Some(devices);
                known.devices = Some(Arc::new(devices.clone()));
                known.told_at = asked_at;
                known.heard_at = self.clock.now();
            }
            (is_news, failed_before)
        };
        match answer {
            // Open pages show something else.
            Ok(_) if is_news => self.signals.send(Signal::Changed(owner.id)),
            Ok(_) => {}
            Err(error) if !failed_before => {
                tracing::warn!(fleet = %self.connector.fleet(), %error, "an MDM does not tell whose devices are whose");
            }
            Err(error) => tracing::debug!(fleet = %self.connector.fleet(), %error, "still"),
        }
    }

    async fn inventory(
        &self,
        owner: &Person,
        asking: Option<watch::Receiver<()>>,
        began: Instant,
    ) -> Inventory {
        let now = self.clock.now();
        let (lately, overdue) = self.known(owner, |known| {
            (known.is_of_late(self.connector.promises().fresh_millis, now), known.is_overdue(now))
        });
        if overdue {
            self.is_late.store(true, Ordering::Relaxed);
        }
        let answered = match asking {
            _ if lately => true,
            None => true,
            Some(mut asking) => {
                let is_stranger = self.known(owner, |known| known.devices.is_none());
                match (self.is_late.load(Ordering::Relaxed), is_stranger) {
                    (true, false) => false,
                    (true, true) => timeout_at(began + PATIENCE, asking.changed()).await.is_ok(),
                    (false, _) => {
                        let patience = if is_stranger { FIRST_PATIENCE } else { PATIENCE };
                        let in_time = timeout_at(began + patience, asking.changed()).await.is_ok();
                        if !in_time {
                            self.is_late.store(true, Ordering::Relaxed);
                        }
                        in_time
                    }
                }
            }
        };
        self.known(owner, |known| {
            let is_now = answered && !known.failed;
            known.outlasted |= !is_now;
            known.anticipated |= lately && known.asking.is_some();
            Inventory {
                name: self.name.clone(),
                silent: known.devices.is_none(),
                devices: known.devices.as_ref().map(|devices| devices.to_vec()).unwrap_or_default(),
                as_of: (!is_now && known.devices.is_some()).then_some(known.told_at),
            }
        })
    }

    fn known<T>(&self, owner: &Person, look: impl FnOnce(&mut Known) -> T) -> T {
        look(self.people().entry(owner.id).or_default())
    }

    fn people(&self) -> MutexGuard<'_, HashMap<PersonId, Known>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// An MDM in this process is simply asked.
    fn is_of_late(&self, fresh_millis: i64, now: Timestamp) -> bool {
        let is_known = self.devices.is_some() && !self.failed && fresh_millis > 0;
        is_known && now.millis_since(self.heard_at) < LATELY_MILLIS
    }

    fn is_overdue(&self, now: Timestamp) -> bool {
        let patience = i64::try_from(PATIENCE.as_millis()).unwrap_or(i64::MAX);
        self.asking.is_some() && now.millis_since(self.asking_since) > patience
    }

    fn is_fresh(&self, fresh_millis: i64, now: Timestamp) -> bool {
        self.devices.is_some() && !self.failed && now.millis_since(self.heard_at) < fresh_millis
    }
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;

//! How often something may be tried. Kept in memory: a restart forgets, and forgets for the person too.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::account::TokenHash;
use domain::{Refusal, Timestamp};
use ipnet::IpNet;
use sha2::{Digest, Sha256};

use crate::config::Limits;

/// More would be somebody's attempt to fill the memory.
const MOST_KEYS: usize = 100_000;

/// Counts what is given back evenly over time: `most` at once, and all of it again after `period_millis`.
pub struct Counters<K> {
    period_millis: i64,
    levels: Mutex<HashMap<K, Level>>,
}

struct Level {
    /// In thousandths of a try.
    used: i64,
    most: i64,
    at: Timestamp,
}

impl<K: Eq + Hash + Clone> Counters<K> {
    pub fn new(period_minutes: u32) -> Self {
        Self { period_millis: i64::from(period_minutes) * 60_000, levels: Mutex::default() }
    }

    /// Takes one of each, or none of any and says after how many seconds there is one again.
    pub fn take(&self, keys: &[(K, u32)], now: Timestamp) -> Result<(), u32> {
        let mut levels = self.levels();
        if levels.len() > MOST_KEYS {
            levels.retain(|_, level| level.used_at(now, self.period_millis) > 0);
        }
        let wait = keys.iter().filter_map(|(key, most)| {
            let used = levels.get(key).map_or(0, |level| level.used_at(now, self.period_millis));
            let most = i64::from(*most) * 1000;
            (used + 1000 > most).then(|| (used + 1000 - most) * self.period_millis / most)
        });
        if let Some(millis) = wait.max() {
            return Err(u32::try_from(millis / 1000 + 1).unwrap_or(u32::MAX));
        }
        for (key, most) in keys {
            let most = i64::from(*most) * 1000;
            let level = levels.entry(key.clone()).or_insert(Level { used: 0, most, at: now });
            level.used = level.used_at(now, self.period_millis) + 1000;
            level.at = now;
        }
        Ok(())
    }

    /// What was taken was no failure after all.
    pub fn give_back(&self, keys: &[(K, u32)]) {
        let mut levels = self.levels();
        for (key, _) in keys {
            if let Some(level) = levels.get_mut(key) {
                level.used = (level.used - 1000).max(0);
            }
        }
    }

    fn levels(&self) -> MutexGuard<'_, HashMap<K, Level>> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Level {
    fn used_at(&self, now: Timestamp, period_millis: i64) -> i64 {
        let passed = now.millis_since(self.at).clamp(0, period_millis);
        (self.used - self.most * passed / period_millis).max(0)
    }
}

/// Guessing passwords is slowed down by address and by account, and a person's own browser is left out of both: whoever
/// guesses at an account must not keep its owner from it.
pub struct SignInLimits {
    counters: Counters<[u8; 32]>,
    limits: Limits,
}

/// One sign-in under way. It counts as failed until it is forgiven.
pub struct Attempt<'a> {
    limits: &'a SignInLimits,
    keys: Vec<([u8; 32], u32)>,
}

impl SignInLimits {
    pub fn new(limits: &Limits) -> Self {
        Self { counters: Counters::new(limits.sign_in_failure_minutes), limits: limits.clone() }
    }

    /// `known` is the browser's token when somebody signed in with it under this name before.
    pub fn begin(
        &self,
        user_name: &str,
        known: Option<&TokenHash>,
        network: IpNet,
        now: Timestamp,
    ) -> Result<Attempt<'_>, Refusal> {
        let name = user_name.to_lowercase();
        let network = network.to_string();
        let Limits {
            sign_in_failures: few,
            sign_in_failures_per_account: account,
            sign_in_failures_per_address: address,
            ..
        } = self.limits;
        let keys = match known {
            Some(browser) => vec![(key(&[b"browser", &browser.0, name.as_bytes()]), few)],
            None => vec![
                (key(&[b"here", network.as_bytes(), name.as_bytes()]), few),
                (key(&[b"account", name.as_bytes()]), account),
                (key(&[b"address", network.as_bytes()]), address),
            ],
        };
        self.take(keys, now)
    }

    /// Where no password is guessed at: with a passkey, or back from an identity provider, which counts by itself.
    pub fn begin_elsewhere(&self, network: IpNet, now: Timestamp) -> Result<Attempt<'_>, Refusal> {
        let network = network.to_string();
        let keys = vec![(key(&[b"elsewhere", network.as_bytes()]), self.limits.sign_in_failures_per_address)];
        self.take(keys, now)
    }

    /// Of what nobody here asked for. Counted apart: any page can have its visitors' browsers send such a thing.
    pub fn begin_unasked(&self, network: IpNet, now: Timestamp) -> Result<Attempt<'_>, Refusal> {
        let network = network.to_string();
        let keys = vec![(key(&[b"unasked", network.as_bytes()]), self.limits.sign_in_failures_per_address)];
        self.take(keys, now)
    }

    fn take(&self, keys: Vec<([u8; 32], u32)>, now: Timestamp) -> Result<Attempt<'_>, Refusal> {
        match self.counters.take(&keys, now) {
            Ok(()) => Ok(Attempt { limits: self, keys }),
            Err(retry_seconds) => Err(Refusal::TooOften { retry_seconds }),
        }
    }
}

impl Attempt<'_> {
    pub fn forgive(self) {
        self.limits.counters.give_back(&self.keys);
    }
}

/// Of one length, however long the name is that somebody sends.
fn key(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    fn limits() -> SignInLimits {
        let limits = Limits {
            sign_in_failures: 3,
            sign_in_failures_per_account: 10,
            sign_in_failures_per_address: 12,
            sign_in_failure_minutes: 15,
            ..Limits::default()
        };
        SignInLimits::new(&limits)
    }

    fn fail(limits: &SignInLimits, name: &str, from: &str) -> bool {
        limits.begin(name, None, net(from), NOW).is_ok()
    }

    #[test]
    fn guessing_is_stopped_and_forgotten_evenly() {
        let limits = limits();
        for name in ["ana", "Ana", "ANA"] {
            assert!(fail(&limits, name, "192.0.2.1/32"));
        }
        // A third of a quarter of an hour.
        let Err(refusal) = limits.begin("ana", None, net("192.0.2.1/32"), NOW) else { panic!() };
        assert_eq!(refusal, Refusal::TooOften { retry_seconds: 301 });
        assert!(limits.begin("ana", None, net("192.0.2.1/32"), NOW.plus_seconds(299)).is_err());
        assert!(limits.begin("ana", None, net("192.0.2.1/32"), NOW.plus_seconds(301)).is_ok());
        assert!(limits.begin("ana", None, net("192.0.2.1/32"), NOW.plus_seconds(302)).is_err());
    }

    #[test]
    fn a_success_never_counts() {
        let limits = limits();
        for _ in 0..100 {
            limits.begin("ana", None, net("192.0.2.1/32"), NOW).ok().unwrap().forgive();
        }
        assert!(fail(&limits, "ana", "192.0.2.1/32"));
    }

    #[test]
    fn whoever_guesses_from_everywhere_does_not_lock_out_a_known_browser() {
        let limits = limits();
        let guesses = (0..50).filter(|n| fail(&limits, "ana", &format!("192.0.2.{n}/32"))).count();
        assert_eq!(guesses, 10);
        let known = TokenHash([1; 32]);
        for _ in 0..3 {
            assert!(limits.begin("ana", Some(&known), net("192.0.2.1/32"), NOW).is_ok());
        }
        assert!(limits.begin("ana", Some(&known), net("192.0.2.1/32"), NOW).is_err());
    }

    #[test]
    fn spraying_one_password_over_many_accounts_is_stopped() {
        let limits = limits();
        let guesses = (0..50).filter(|n| fail(&limits, &format!("person{n}"), "192.0.2.1/32")).count();
        assert_eq!(guesses, 12);
        assert!(fail(&limits, "person49", "192.0.2.2/32"));
    }

    #[test]
    fn a_refused_try_takes_nothing() {
        let limits = limits();
        for _ in 0..20 {
            fail(&limits, "ana", "192.0.2.1/32");
        }
        // Nine of the address are left, whatever was refused.
        let guesses = (0..50).filter(|n| fail(&limits, &format!("person{n}"), "192.0.2.1/32")).count();
        assert_eq!(guesses, 9);
    }
}

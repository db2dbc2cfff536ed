//! How often somebody may try to sign in, wherever their browser is led by a load balancer.

use std::sync::Arc;

use domain::Timestamp;
use domain::account::TokenHash;
use domain::ports::{Denied, Store};
use domain::tries::Try;
use ipnet::IpNet;
use sha2::{Digest, Sha256};

use crate::config::Limits;

/// Guessing passwords is slowed down by address and by account, and a person's own browser is left out of both: whoever
/// guesses at an account must not keep its owner from it.
pub struct SignInLimits {
    store: Arc<dyn Store>,
    limits: Limits,
}

/// One sign-in under way. It counts as failed until it is forgiven.
pub struct Attempt {
    store: Arc<dyn Store>,
    tries: Vec<Try>,
    at: Timestamp,
}

impl SignInLimits {
    pub fn new(store: Arc<dyn Store>, limits: &Limits) -> Self {
        Self { store, limits: limits.clone() }
    }

    /// `known` is the browser's token when somebody signed in with it under this name before.
    pub async fn begin(
        &self,
        user_name: &str,
        known: Option<&TokenHash>,
        network: IpNet,
        now: Timestamp,
    ) -> Result<Attempt, Denied> {
        let name = user_name.to_lowercase();
        let network = network.to_string();
        let Limits {
            sign_in_failures: few,
            sign_in_failures_per_account: account,
            sign_in_failures_per_address: address,
            ..
        } = self.limits;
        let tries = match known {
            Some(browser) => vec![Try { key: key(&[b"browser", &browser.0, name.as_bytes()]), most: few }],
            None => vec![
                Try { key: key(&[b"here", network.as_bytes(), name.as_bytes()]), most: few },
                Try { key: key(&[b"account", name.as_bytes()]), most: account },
                Try { key: key(&[b"address", network.as_bytes()]), most: address },
            ],
        };
        self.take(tries, now).await
    }

    /// Where no password is guessed at: with a passkey, or back from an identity provider, which counts by itself.
    pub async fn begin_elsewhere(&self, network: IpNet, now: Timestamp) -> Result<Attempt, Denied> {
        let network = network.to_string();
        let most = self.limits.sign_in_failures_per_address;
        let tries = vec![Try { key: key(&[b"elsewhere", network.as_bytes()]), most }];
        self.take(tries, now).await
    }

    /// Of what nobody here asked for. Counted apart: any page can have its visitors' browsers send such a thing.
    pub async fn begin_unasked(&self, network: IpNet, now: Timestamp) -> Result<Attempt, Denied> {
        let network = network.to_string();
        let most = self.limits.sign_in_failures_per_address;
        let tries = vec![Try { key: key(&[b"unasked", network.as_bytes()]), most }];
        self.take(tries, now).await
    }

    async fn take(&self, tries: Vec<Try>, now: Timestamp) -> Result<Attempt, Denied> {
        let period = i64::from(self.limits.sign_in_failure_minutes) * 60_000;
        self.store.take_tries(&tries, period, now).await?;
        Ok(Attempt { store: Arc::clone(&self.store), tries, at: now })
    }
}

impl Attempt {
    /// It was no failure, and does not count. Goes on when whoever asked has gone.
    pub async fn forgive(self) {
        let given_back = tokio::spawn(async move { self.store.give_back_tries(&self.tries, self.at).await });
        if let Ok(Err(error)) = given_back.await {
            tracing::error!(%error, "a sign-in that went well counts as one that did not");
        }
    }
}

/// Of one length, however long the name is that somebody sends.
pub fn key(parts: &[&[u8]]) -> TokenHash {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    TokenHash(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use domain::Refusal;
    use tempfile::TempDir;

    use super::*;
    use crate::store::sql::SqlStore;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    struct Story {
        limits: SignInLimits,
        _folder: TempDir,
    }

    impl Story {
        async fn new() -> Self {
            let limits = Limits {
                sign_in_failures: 3,
                sign_in_failures_per_account: 10,
                sign_in_failures_per_address: 12,
                sign_in_failure_minutes: 15,
                ..Limits::default()
            };
            let folder = TempDir::new().unwrap();
            let store = SqlStore::in_file(&folder.path().join("portal.db")).await.unwrap();
            Self { limits: SignInLimits::new(Arc::new(store), &limits), _folder: folder }
        }

        async fn begin(
            &self,
            name: &str,
            known: Option<&TokenHash>,
            from: &str,
            later: i64,
        ) -> Result<Attempt, Denied> {
            self.limits.begin(name, known, from.parse().unwrap(), NOW.plus_seconds(later)).await
        }

        /// Who was not refused has failed.
        async fn fail(&self, name: &str, from: &str) -> bool {
            self.begin(name, None, from, 0).await.is_ok()
        }
    }

    #[tokio::test]
    async fn guessing_is_stopped_and_forgotten_evenly() {
        let story = Story::new().await;
        for name in ["ana", "Ana", "ANA"] {
            assert!(story.fail(name, "192.0.2.1/32").await);
        }
        // A third of a quarter of an hour.
        let Err(Denied::Refused(refusal)) = story.begin("ana", None, "192.0.2.1/32", 0).await else {
            panic!()
        };
        assert_eq!(refusal, Refusal::TooOften { retry_seconds: 301 });
        for (later, is_let_in) in [(299, false), (301, true), (302, false)] {
            assert_eq!(story.begin("ana", None, "192.0.2.1/32", later).await.is_ok(), is_let_in, "{later}");
        }
    }

    #[tokio::test]
    async fn a_success_never_counts() {
        let story = Story::new().await;
        for _ in 0..20 {
            story.begin("ana", None, "192.0.2.1/32", 0).await.ok().unwrap().forgive().await;
        }
        assert!(story.fail("ana", "192.0.2.1/32").await);
    }

    #[tokio::test]
    async fn whoever_guesses_from_everywhere_does_not_lock_out_a_known_browser() {
        let story = Story::new().await;
        let mut guesses = 0;
        for n in 0..50 {
            guesses += u32::from(story.fail("ana", &format!("192.0.2.{n}/32")).await);
        }
        assert_eq!(guesses, 10);
        let known = TokenHash([1; 32]);
        for _ in 0..3 {
            assert!(story.begin("ana", Some(&known), "192.0.2.1/32", 0).await.is_ok());
        }
        assert!(story.begin("ana", Some(&known), "192.0.2.1/32", 0).await.is_err());
    }

    #[tokio::test]
    async fn spraying_one_password_over_many_accounts_is_stopped() {
        let story = Story::new().await;
        let mut guesses = 0;
        for n in 0..50 {
            guesses += u32::from(story.fail(&format!("person{n}"), "192.0.2.1/32").await);
        }
        assert_eq!(guesses, 12);
        assert!(story.fail("person49", "192.0.2.2/32").await);
    }

    #[tokio::test]
    async fn a_refused_try_takes_nothing() {
        let story = Story::new().await;
        for _ in 0..20 {
            story.fail("ana", "192.0.2.1/32").await;
        }
        // Nine of the address are left, whatever was refused.
        let mut guesses = 0;
        for n in 0..50 {
            guesses += u32::from(story.fail(&format!("person{n}"), "192.0.2.1/32").await);
        }
        assert_eq!(guesses, 9);
    }
}

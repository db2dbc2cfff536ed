//! Local accounts: Argon2id, and the same work for a name nobody has.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use async_trait::async_trait;
use domain::person::PersonId;
use domain::ports::{Authenticator, Clock, Denied, Means, Randomness, Store, StoreError};
use domain::recovery;
use domain::tries::Try;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::config::Limits;
use crate::limits::key;

pub struct LocalAccounts {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Randomness>,
    /// So many wrong passwords of somebody who is signed in, in such a time.
    most_wrong: u32,
    period_millis: i64,
    /// A hash takes 19 MiB and a processor: more at once than there are of those would only be slower.
    hashing: Semaphore,
    /// The hash of a password nobody has, so that an unknown name takes as long as a known one.
    nobody: String,
}

impl LocalAccounts {
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
        limits: &Limits,
    ) -> Result<Self, StoreError> {
        let mut password = [0; 32];
        random.fill(&mut password);
        let nobody = hash_blocking(&password, random.as_ref())?;
        Ok(Self {
            store,
            clock,
            random,
            most_wrong: limits.sign_in_failures,
            period_millis: i64::from(limits.sign_in_failure_minutes) * 60_000,
            hashing: Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from)),
            nobody,
        })
    }

    async fn verify(&self, hash: String, password: SecretString) -> Result<bool, StoreError> {
        let _turn = self.hashing.acquire().await?;
        tokio::task::spawn_blocking(move || {
            let hash = PasswordHash::new(&hash).map_err(|e| StoreError(format!("a password hash: {e}")))?;
            Ok(Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok())
        })
        .await?
    }
}

#[async_trait]
impl Authenticator for LocalAccounts {
    async fn authenticate(
        &self,
        user_name: &str,
        password: &SecretString,
    ) -> Result<Option<(PersonId, Means)>, StoreError> {
        let (person, hash) = match self.store.password_of_user(user_name).await? {
            Some((person, hash)) => (Some(person), hash),
            None => (None, self.nobody.clone()),
        };
        let right = self.verify(hash.clone(), password.clone()).await?;
        if !right && let Some(code) = recovery::hash(password.expose_secret()) {
            let owner = self.store.owner_of_recovery_code(user_name, &code).await?;
            return Ok(owner.map(|person| (person, Means::RecoveryCode(code))));
        }
        Ok(person.filter(|_| right).map(|person| (person, Means::Password { hash })))
    }

    async fn check(&self, person: PersonId, password: &SecretString) -> Result<bool, Denied> {
        let counted = [Try { key: key(&[b"open page", person.0.as_bytes()]), most: self.most_wrong }];
        let now = self.clock.now();
        self.store.take_tries(&counted, self.period_millis, now).await?;
        let hash = self.store.password_of_person(person).await?;
        let right = self.verify(hash.unwrap_or_else(|| self.nobody.clone()), password.clone()).await;
        if !matches!(right, Ok(false)) {
            self.store.give_back_tries(&counted, now).await?;
        }
        Ok(right?)
    }

    fn is_guessable(&self, password: &SecretString, about: &[&str]) -> bool {
        is_guessable(password, about)
    }

    async fn hash(&self, password: &SecretString) -> Result<String, StoreError> {
        let (password, random) = (password.clone(), Arc::clone(&self.random));
        tokio::task::spawn_blocking(move || {
            hash_blocking(password.expose_secret().as_bytes(), random.as_ref())
        })
        .await?
    }
}

/// By what is known of how people choose: lists of leaked passwords, names, keyboards, dates, repetitions. Fewer than a
/// million tries.
pub fn is_guessable(password: &SecretString, about: &[&str]) -> bool {
    let about = [about, &["latchkey", "passcode"]].concat();
    zxcvbn::zxcvbn(password.expose_secret(), &about).score() < zxcvbn::Score::Two
}

fn hash_blocking(password: &[u8], random: &dyn Randomness) -> Result<String, StoreError> {
    let mut salt = [0; 16];
    random.fill(&mut salt);
    let hash = Argon2::default()
        .hash_password_with_salt(password, &salt)
        .map_err(|e| StoreError(format!("hashing: {e}")))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_first_is_guessable() {
        let guessable = |text: &str| is_guessable(&text.into(), &["ana", "Ana Marić", "ana@example.com"]);
        for not in ["four words in a row", "a new one, long enough", "k7Qp-Zt93-hWx2-Lm5"] {
            assert!(!guessable(not), "{not}");
        }
        for easy in [
            "123456789012345",
            "passwordpassword",
            "qwertyuiopasdfgh",
            "password123456789",
            "aaaaaaaaaaaaaaaaaaaa",
            "ana@example.comana",
            "latchkeylatchkey",
        ] {
            assert!(guessable(easy), "{easy}");
        }
    }
}

//! Local accounts: Argon2id, and the same work for a name nobody has.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use async_trait::async_trait;
use domain::person::PersonId;
use domain::ports::{Authenticator, Randomness, Store, StoreError};
use secrecy::{ExposeSecret, SecretString};

pub struct LocalAccounts {
    store: Arc<dyn Store>,
    random: Arc<dyn Randomness>,
    /// The hash of a password nobody has, so that an unknown name takes as long as a known one.
    nobody: String,
}

impl LocalAccounts {
    pub fn new(store: Arc<dyn Store>, random: Arc<dyn Randomness>) -> Result<Self, StoreError> {
        let mut password = [0; 32];
        random.fill(&mut password);
        let nobody = hash_blocking(&password, random.as_ref())?;
        Ok(Self { store, random, nobody })
    }
}

#[async_trait]
impl Authenticator for LocalAccounts {
    async fn authenticate(
        &self,
        user_name: &str,
        password: &SecretString,
    ) -> Result<Option<PersonId>, StoreError> {
        let (person, hash) = match self.store.password_of_user(user_name).await? {
            Some((person, hash)) => (Some(person), hash),
            None => (None, self.nobody.clone()),
        };
        let right = verify(hash, password.clone()).await?;
        Ok(person.filter(|_| right))
    }

    async fn check(&self, person: PersonId, password: &SecretString) -> Result<bool, StoreError> {
        let hash = self.store.password_of_person(person).await?;
        verify(hash.unwrap_or_else(|| self.nobody.clone()), password.clone()).await
    }

    async fn hash(&self, password: &SecretString) -> Result<String, StoreError> {
        let (password, random) = (password.clone(), Arc::clone(&self.random));
        tokio::task::spawn_blocking(move || {
            hash_blocking(password.expose_secret().as_bytes(), random.as_ref())
        })
        .await?
    }
}

async fn verify(hash: String, password: SecretString) -> Result<bool, StoreError> {
    tokio::task::spawn_blocking(move || {
        let hash = PasswordHash::new(&hash).map_err(|e| StoreError(format!("a password hash: {e}")))?;
        Ok(Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok())
    })
    .await?
}

fn hash_blocking(password: &[u8], random: &dyn Randomness) -> Result<String, StoreError> {
    let mut salt = [0; 16];
    random.fill(&mut salt);
    let hash = Argon2::default()
        .hash_password_with_salt(password, &salt)
        .map_err(|e| StoreError(format!("hashing: {e}")))?;
    Ok(hash.to_string())
}

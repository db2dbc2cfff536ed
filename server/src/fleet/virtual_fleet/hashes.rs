use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordHasher, PasswordVerifier};
use domain::ports::{Randomness, StoreError};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::spawn_blocking;

/// Kibibytes. A phone's chip holds its passcode apart from its storage; this file does not, so it costs something to
/// guess, but little to the machine of whoever tries the demo.
const MEMORY: u32 = 8 * 1024;
const PASSES: u32 = 2;

/// What a phone keeps of a passcode.
pub(super) async fn hash(random: &Arc<dyn Randomness>, passcode: SecretString) -> Result<String, StoreError> {
    let mut salt = [0; 16];
    random.fill(&mut salt);
    spawn_blocking(move || {
        let argon = Argon2::from(Params::new(MEMORY, PASSES, 1, None)?);
        let hash: PasswordHash = argon.hash_password_with_salt(passcode.expose_secret().as_bytes(), &salt)?;
        Ok(hash.to_string())
    })
    .await?
}

pub(super) async fn fits(passcode: &SecretString, hash: &str) -> Result<bool, StoreError> {
    let (passcode, hash) = (passcode.clone(), hash.to_owned());
    Ok(spawn_blocking(move || {
        Argon2::default().verify_password(passcode.expose_secret().as_bytes(), hash.as_str()).is_ok()
    })
    .await?)
}

//! What tests put in the place of the machine's clock and randomness, and people to do things.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use domain::Timestamp;
use domain::person::{Person, PersonId};
use domain::ports::{Authenticator, Clock, Denied, Means, Randomness, StoreError};
use secrecy::SecretString;
use uuid::Uuid;

/// Stands still until a test moves it.
pub struct FakeClock(AtomicI64);

impl FakeClock {
    pub fn new() -> Self {
        Self(AtomicI64::new(1_700_000_000_000))
    }

    pub fn wait(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Never twice the same.
pub struct Counting(Mutex<u64>);

impl Counting {
    pub fn new() -> Self {
        Self(Mutex::new(1))
    }
}

impl Randomness for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let mut count = self.0.lock().unwrap();
        *count += 1;
        bytes.fill(0);
        let taken = bytes.len().min(8);
        bytes[..taken].copy_from_slice(&count.to_le_bytes()[..taken]);
    }
}

/// An id nothing else in this test run has.
pub fn new_id() -> Uuid {
    static LAST: AtomicU64 = AtomicU64::new(0);
    Uuid::from_u128(u128::from(LAST.fetch_add(1, Ordering::SeqCst)) + 1)
}

pub fn person(user_name: &str) -> Person {
    let bytes = user_name.bytes().fold(0, |number: u128, byte| number << 8 | u128::from(byte));
    Person {
        id: PersonId(Uuid::from_u128(bytes)),
        user_name: user_name.to_owned(),
        name: user_name.to_uppercase(),
        email: format!("{user_name}@example.org"),
        subject: String::new(),
        it_admin: false,
    }
}

/// Signing in is another story.
pub struct Nobody;

#[async_trait]
impl Authenticator for Nobody {
    async fn authenticate(&self, _: &str, _: &SecretString) -> Result<Option<(PersonId, Means)>, StoreError> {
        Ok(None)
    }

    async fn check(&self, _: PersonId, _: &SecretString) -> Result<bool, Denied> {
        Ok(false)
    }

    fn is_guessable(&self, _: &SecretString, _: &[&str]) -> bool {
        false
    }

    async fn hash(&self, _: &SecretString) -> Result<String, StoreError> {
        Ok(String::new())
    }
}

#![allow(clippy::disallowed_methods, reason = "the one place that asks the machine for randomness")]

use domain::ports::Randomness;

/// The operating system's cryptographic source.
pub struct SystemRandom;

impl Randomness for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            // A guessable token is worse than no service.
            tracing::error!(%error, "the system has no randomness");
            std::process::abort();
        }
    }
}

//! What is sent along to an identity provider, so that its answer can be held against it. Nothing of it is kept here: it
//! is all made from one random cookie, so that an answer is worth something in the browser that asked alone.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use domain::account::TokenHash;
use domain::ports::Randomness;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::signin::cookies::Token;

/// For so long an answer is awaited: somebody may have to look for their second factor first.
const ANSWER_SECONDS: i64 = 60 * 60;
const RANDOM: usize = 16;
const TIME: usize = 8;
const PROOF: usize = 32;

pub struct Question {
    pub state: String,
    pub nonce: String,
    /// The secret of PKCE.
    pub verifier: String,
}

impl Question {
    pub fn new(cookie: &Token, provider: &str, random: &dyn Randomness, now: Timestamp) -> Self {
        let mut head = [0; RANDOM + TIME];
        random.fill(&mut head[..RANDOM]);
        head[RANDOM..].copy_from_slice(&now.0.to_be_bytes());
        Self::of(cookie, provider, &head)
    }

    /// The question that this state belongs to, when it was asked in this browser, of this provider and not long ago.
    pub fn asked(cookie: &Token, provider: &str, state: &str, now: Timestamp) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(state).ok()?;
        if bytes.len() != RANDOM + TIME + PROOF {
            return None;
        }
        let (head, proof) = bytes.split_at(RANDOM + TIME);
        hmac(cookie, "state", provider, head).verify_slice(proof).ok()?;
        let asked = Timestamp(i64::from_be_bytes(head[RANDOM..].try_into().ok()?));
        (0..=ANSWER_SECONDS).contains(&now.seconds_since(asked)).then(|| Self::of(cookie, provider, head))
    }

    fn of(cookie: &Token, provider: &str, head: &[u8]) -> Self {
        let secret =
            |purpose| URL_SAFE_NO_PAD.encode(hmac(cookie, purpose, provider, head).finalize().into_bytes());
        let proof = hmac(cookie, "state", provider, head).finalize().into_bytes();
        Self {
            state: URL_SAFE_NO_PAD.encode([head, &proof[..]].concat()),
            nonce: secret("nonce"),
            verifier: secret("verifier"),
        }
    }

    /// What may be used once.
    pub fn id(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.state.as_bytes()).into())
    }
}

fn hmac(cookie: &Token, purpose: &str, provider: &str, head: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(cookie.secret().as_bytes())
        .unwrap_or_else(|_| unreachable!("a key of any length serves"));
    for part in [purpose.as_bytes(), provider.as_bytes(), head] {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn an_answer_belongs_to_one_browser_one_provider_and_one_hour() {
        let cookie = Token::new(&SystemRandom);
        let asked = Question::new(&cookie, "entra", &SystemRandom, NOW);
        let again = |cookie: &Token, provider: &str, state: &str, seconds| {
            Question::asked(cookie, provider, state, NOW.plus_seconds(seconds))
        };
        let found = again(&cookie, "entra", &asked.state, 3600).unwrap();
        assert_eq!((&found.nonce, &found.verifier), (&asked.nonce, &asked.verifier));
        assert!(again(&cookie, "entra", &asked.state, 3601).is_none());
        assert!(again(&cookie, "entra", &asked.state, -1).is_none());
        assert!(again(&cookie, "okta", &asked.state, 1).is_none());
        assert!(again(&Token::new(&SystemRandom), "entra", &asked.state, 1).is_none());
        for state in ["", "x", &asked.nonce, &asked.state[1..]] {
            assert!(again(&cookie, "entra", state, 1).is_none(), "{state}");
        }
        let mut later = URL_SAFE_NO_PAD.decode(&asked.state).unwrap();
        later[RANDOM + TIME - 2] ^= 0x40;
        assert!(again(&cookie, "entra", &URL_SAFE_NO_PAD.encode(later), 1).is_none());
    }

    #[test]
    fn no_two_questions_share_anything() {
        let cookie = Token::new(&SystemRandom);
        let [a, b] = [0, 1].map(|_| Question::new(&cookie, "entra", &SystemRandom, NOW));
        assert!(a.state != b.state && a.nonce != b.nonce && a.verifier != b.verifier);
        assert!(a.nonce != a.verifier && !a.state.contains(&a.nonce));
        assert!((43..=128).contains(&a.verifier.len()));
    }
}

//! Recovery codes: each signs its owner in once, in place of the password, when everything else is on the locked phone.

use sha2::{Digest, Sha256};

use crate::account::TokenHash;
use crate::ports::Randomness;

/// How many are made at a time; older ones are void then.
pub const CODES: usize = 10;
/// 31 signs, none of which looks like another: 79 bits a code.
const SIGNS: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";
const LENGTH: usize = 16;
const GROUP: usize = 4;

/// As they are shown, this once.
pub fn make(random: &dyn Randomness) -> Vec<String> {
    (0..CODES).map(|_| code(random)).collect()
}

fn code(random: &dyn Randomness) -> String {
    let mut code = String::new();
    let mut signs = 0;
    while signs < LENGTH {
        let mut byte = [0];
        random.fill(&mut byte);
        // Of 256 values the last 8 would make some signs likelier than others.
        let Some(sign) = (byte[0] < 248).then(|| SIGNS[usize::from(byte[0]) % SIGNS.len()]) else { continue };
        if signs > 0 && signs % GROUP == 0 {
            code.push('-');
        }
        code.push(char::from(sign));
        signs += 1;
    }
    code
}

/// What is kept of a code, when the text may be one, however it was typed.
#[must_use]
pub fn hash(text: &str) -> Option<TokenHash> {
    let signs: String = text.chars().filter(|sign| !sign.is_whitespace() && *sign != '-').collect();
    let signs = signs.to_ascii_lowercase();
    let is_code = signs.len() == LENGTH && signs.bytes().all(|sign| SIGNS.contains(&sign));
    is_code.then(|| TokenHash(Sha256::digest(signs.as_bytes()).into()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    struct Counting(AtomicU8);

    impl Randomness for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    #[test]
    fn a_code_is_read_however_it_was_typed() {
        let codes = make(&Counting(AtomicU8::new(0)));
        assert_eq!(codes.len(), CODES);
        assert_eq!(codes[0], "2345-6789-abcd-efgh");
        let kept: HashSet<_> = codes.iter().map(|code| hash(code).map(|hash| hash.0)).collect();
        assert_eq!(kept.len(), CODES);
        let one = hash("2345-6789-abcd-efgh");
        for typed in ["23456789abcdefgh", " 2345 6789 ABCD efgh ", "2345-6789-abcd-EFGH"] {
            assert_eq!(hash(typed), one, "{typed}");
        }
        for other in
            ["", "2345-6789-abcd-efg", "2345-6789-abcd-efghj", "2345-6789-abcd-efg0", "a password of my own"]
        {
            assert_eq!(hash(other), None, "{other}");
        }
    }

    /// Every sign comes from as many bytes as every other.
    #[test]
    fn no_sign_is_likelier_than_another() {
        let random = Counting(AtomicU8::new(0));
        // 31 codes of 16 signs are 496 signs, 248 of each round of the 256 bytes.
        let all: String = (0..31).map(|_| code(&random)).collect::<String>().replace('-', "");
        for sign in SIGNS {
            assert_eq!(all.bytes().filter(|one| one == sign).count(), 16);
        }
    }
}

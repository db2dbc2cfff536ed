use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::device::Platform;
use crate::ports::Randomness;

/// What a reset leaves on the device, as the platform table of the procedure says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResetEffect {
    LettersAndDigits,
    Digits,
    NoPasscode,
}

/// What the device's own policy asks of a passcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasscodePolicy {
    pub min_length: u8,
    pub maker: Maker,
}

/// Who makes the temporary passcode, where the platform's reset leaves one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Maker {
    /// We do, and hand it to the MDM.
    Portal,
    /// It comes back with the outcome.
    Mdm,
    /// This MDM takes the passcode away and sets none.
    Nobody,
}

/// Without 0 O 1 l I, which are mistaken for each other on paper and on small screens.
const LETTERS: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ";
const CLEAR_DIGITS: &[u8] = b"23456789";
const ALL_DIGITS: &[u8] = b"0123456789";

const SHORTEST_MIXED: u8 = 8;
const SHORTEST_DIGITS: u8 = 6;
/// No platform takes more than sixteen.
const LONGEST: u8 = 16;

impl PasscodePolicy {
    #[must_use]
    pub fn leaves_passcode(self, platform: Platform) -> bool {
        let effect = platform.reset_effect();
        self.maker != Maker::Nobody && effect.is_some_and(|effect| effect != ResetEffect::NoPasscode)
    }

    /// The passcode that goes out with a reset.
    #[must_use]
    pub fn make_passcode(self, platform: Platform, random: &dyn Randomness) -> Option<SecretString> {
        let effect = platform.reset_effect().filter(|_| self.maker == Maker::Portal)?;
        effect.make_passcode(self.min_length, random)
    }
}

impl ResetEffect {
    /// Makes the temporary passcode of this effect, or none where the reset leaves none.
    fn make_passcode(self, min_length: u8, random: &dyn Randomness) -> Option<SecretString> {
        match self {
            Self::NoPasscode => None,
            Self::Digits => {
                let length = min_length.clamp(SHORTEST_DIGITS, LONGEST);
                Some(pick_all(ALL_DIGITS, length, random).into())
            }
            Self::LettersAndDigits => {
                let length = min_length.clamp(SHORTEST_MIXED, LONGEST);
                Some(letters_and_digits(length, random).into())
            }
        }
    }
}

/// Drawn anew until both kinds are in it, so that every such passcode is equally likely.
fn letters_and_digits(length: u8, random: &dyn Randomness) -> String {
    let alphabet = [LETTERS, CLEAR_DIGITS].concat();
    loop {
        let candidate = pick_all(&alphabet, length, random);
        let digits = candidate.bytes().filter(u8::is_ascii_digit).count();
        if (1..candidate.len()).contains(&digits) {
            return candidate;
        }
    }
}

fn pick_all(alphabet: &[u8], length: u8, random: &dyn Randomness) -> String {
    (0..length).map(|_| char::from(pick(alphabet, random))).collect()
}

/// Bytes past the last whole multiple of the alphabet are drawn again: a remainder would favour its first characters.
fn pick(alphabet: &[u8], random: &dyn Randomness) -> u8 {
    let whole = 256 - 256 % alphabet.len();
    loop {
        let mut byte = [0];
        random.fill(&mut byte);
        let drawn = usize::from(byte[0]);
        if drawn < whole {
            return alphabet[drawn % alphabet.len()];
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;

    /// A small generator with a known seed, so that a failing case can be run again.
    struct Seeded(Mutex<u64>);

    impl Randomness for Seeded {
        fn fill(&self, bytes: &mut [u8]) {
            let mut state = self.0.lock().unwrap();
            for byte in bytes {
                *state =
                    state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *byte = state.to_le_bytes()[4];
            }
        }
    }

    fn make(effect: ResetEffect, min_length: u8, seed: u64) -> Option<String> {
        effect.make_passcode(min_length, &Seeded(Mutex::new(seed))).map(|p| p.expose_secret().to_owned())
    }

    proptest! {
        #[test]
        fn letters_and_digits_have_both_and_nothing_confusable(seed: u64, min_length: u8) {
            let made = make(ResetEffect::LettersAndDigits, min_length, seed).unwrap();
            prop_assert_eq!(made.len(), usize::from(min_length.clamp(8, 16)));
            prop_assert!(made.bytes().any(|b| b.is_ascii_digit()));
            prop_assert!(made.bytes().any(|b| b.is_ascii_alphabetic()));
            prop_assert!(made.bytes().all(|b| b.is_ascii_alphanumeric() && !b"0O1lI".contains(&b)));
        }

        #[test]
        fn digits_are_digits(seed: u64, min_length: u8) {
            let made = make(ResetEffect::Digits, min_length, seed).unwrap();
            prop_assert_eq!(made.len(), usize::from(min_length.clamp(6, 16)));
            prop_assert!(made.bytes().all(|b| b.is_ascii_digit()));
        }
    }

    #[test]
    fn digits_use_all_ten() {
        let all: String = (0..200).filter_map(|seed| make(ResetEffect::Digits, 6, seed)).collect();
        assert!(('0'..='9').all(|digit| all.contains(digit)));
    }

    #[test]
    fn only_what_we_make_goes_out() {
        for (maker, platform, made, left) in [
            (Maker::Portal, Platform::Android, true, true),
            (Maker::Mdm, Platform::Android, false, true),
            (Maker::Nobody, Platform::Android, false, false),
            (Maker::Portal, Platform::Ios, false, false),
            (Maker::Mdm, Platform::Windows, false, false),
        ] {
            let policy = PasscodePolicy { min_length: 6, maker };
            let passcode = policy.make_passcode(platform, &Seeded(Mutex::new(1)));
            let found = (passcode.is_some(), policy.leaves_passcode(platform));
            assert_eq!(found, (made, left), "{maker:?} {platform:?}");
        }
    }

    #[test]
    fn an_iphone_is_left_without_a_passcode() {
        assert_eq!(make(ResetEffect::NoPasscode, 6, 1), None);
    }
}

use leptos_i18n::td_string;

use crate::i18n::Locale;

/// The spelling alphabet of aviation, which is the same in every language.
const WORDS: [&str; 26] = [
    "alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo",
    "lima", "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor",
    "whiskey", "x-ray", "yankee", "zulu",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignKind {
    Digit,
    Letter,
    Other,
}

impl SignKind {
    pub const fn of(sign: char) -> Self {
        match sign {
            '0'..='9' => Self::Digit,
            'a'..='z' | 'A'..='Z' => Self::Letter,
            _ => Self::Other,
        }
    }

    pub const fn class(self) -> &'static str {
        match self {
            Self::Digit => "sign sign-digit",
            Self::Letter => "sign sign-letter",
            Self::Other => "sign sign-other",
        }
    }
}

/// How one character is said on the telephone.
pub fn spell(l: Locale, sign: char) -> String {
    match sign {
        '0'..='9' => td_string!(l, portal.passcode.digit, digit = sign),
        'A'..='Z' => td_string!(l, portal.passcode.capital, letter = sign, word = word(sign)),
        'a'..='z' => td_string!(l, portal.passcode.small, letter = sign, word = word(sign)),
        _ => td_string!(l, portal.passcode.sign, sign = sign),
    }
}

fn word(letter: char) -> &'static str {
    let place = u32::from(letter.to_ascii_lowercase()).saturating_sub(u32::from('a'));
    usize::try_from(place).ok().and_then(|place| WORDS.get(place)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_character_is_spelt() {
        assert_eq!(spell(Locale::en, 'k'), "small k as in kilo");
        assert_eq!(spell(Locale::en, 'K'), "capital K as in kilo");
        assert_eq!(spell(Locale::en, 'z'), "small z as in zulu");
        assert_eq!(spell(Locale::en, '4'), "digit 4");
        assert_eq!(spell(Locale::de, 'K'), "großes K wie kilo");
    }
}

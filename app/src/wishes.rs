//! In which language somebody wants to read: what they chose in the footer, else what their browser asks for.

/// Where the choice of the footer's language switch is kept.
pub const LANGUAGE_COOKIE: &str = "i18n_pref_locale";
/// The first is for those who want none of them.
const KNOWN: [&str; 2] = ["en", "de"];
/// Whoever wants more languages than this has them read no further.
const MOST_WISHES: usize = 32;

/// From the headers `Cookie` and `Accept-Language`.
pub fn language(cookies: Option<&str>, asked: Option<&str>) -> &'static str {
    cookies.and_then(chosen).or_else(|| asked.and_then(wanted_most)).unwrap_or(KNOWN[0])
}

fn chosen(cookies: &str) -> Option<&'static str> {
    cookies.split(';').find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == LANGUAGE_COOKIE).then(|| known(value)).flatten()
    })
}

fn wanted_most(asked: &str) -> Option<&'static str> {
    let wishes = asked.split(',').take(MOST_WISHES).filter_map(|wish| {
        let mut parts = wish.split(';').map(str::trim);
        let language = known(parts.next()?)?;
        let weight =
            parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |weight| weight.parse().ok())?;
        (weight > 0.0).then_some((language, weight))
    });
    // Of two that are wanted as much, the one that was named first.
    let most = wishes.reduce(|most: (&str, f32), wish| if wish.1 > most.1 { wish } else { most });
    most.map(|(language, _)| language)
}

fn known(tag: &str) -> Option<&'static str> {
    let language = tag.split('-').next()?;
    KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(language))
}

#[cfg(test)]
mod tests {
    use leptos_i18n::Locale as _;

    use super::*;
    use crate::i18n::Locale;

    #[test]
    fn what_was_chosen_comes_before_what_the_browser_asks_for() {
        assert_eq!(language(Some("a=b; i18n_pref_locale=de"), Some("en-GB,en;q=0.9")), "de");
        assert_eq!(language(Some("i18n_pref_locale=xx"), Some("de")), "de");
        assert_eq!(language(None, None), "en");
    }

    #[test]
    fn there_are_words_in_each_of_them() {
        let all: Vec<_> = Locale::get_all().iter().map(|locale| locale.as_str()).collect();
        assert_eq!(all, KNOWN);
    }

    #[test]
    fn what_is_wanted_most_is_read() {
        for (asked, language) in [
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("en;q=0.5, DE;q=0.7", "de"),
            ("fr, de;q=0.1", "de"),
            ("de, en", "de"),
            ("de;q=0, en;q=0.1", "en"),
            ("de;q=x", "en"),
            ("fr", "en"),
            ("*", "en"),
            ("", "en"),
            (";;,,q=", "en"),
        ] {
            assert_eq!(super::language(None, Some(asked)), language, "{asked}");
        }
    }
}

use leptos_i18n::td_string;

use crate::i18n::Locale;

/// The order matters: most browsers also claim to be the ones further down.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("Windows Phone", "Windows Phone"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Windows", "Windows"),
    ("Linux", "Linux"),
];

/// What a person would call the browser that names itself like this.
pub fn browser_words(l: Locale, agent: &str) -> String {
    let browser = find(&BROWSERS, agent);
    let system = find(&SYSTEMS, agent);
    match (browser, system) {
        (Some(browser), Some(system)) => {
            td_string!(l, portal.account.on, browser = browser, system = system)
        }
        (Some(only), None) | (None, Some(only)) => only.to_owned(),
        (None, None) => td_string!(l, portal.account.some_browser).to_owned(),
    }
}

fn find(names: &[(&str, &'static str)], agent: &str) -> Option<&'static str> {
    names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_by_their_names() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0";
        let safari =
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile Safari/604.1";
        assert_eq!(browser_words(Locale::en, edge), "Edge on Windows");
        assert_eq!(browser_words(Locale::de, safari), "Safari auf iPhone");
        assert_eq!(browser_words(Locale::en, "curl/8"), "A browser");
    }
}

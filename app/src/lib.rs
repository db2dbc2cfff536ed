//! What a browser sees. Rendered by the server; what lives in it is brought to life by WebAssembly.

// Views are one type each, as deep as the page.
#![recursion_limit = "256"]

pub mod api;
mod browser;
#[cfg(feature = "ssr")]
mod components;
#[cfg(feature = "ssr")]
mod document;
pub mod error;
mod islands;
#[cfg(not(feature = "ssr"))]
pub mod live;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
pub mod served;
pub mod site;
#[cfg(feature = "ssr")]
pub mod visitor;
#[cfg(feature = "ssr")]
pub mod wishes;
mod words;

include!(concat!(env!("OUT_DIR"), "/i18n/mod.rs"));

#[cfg(feature = "ssr")]
pub use document::{App, shell};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::error::Error;

    use serde_json::Value;

    /// The build stops at a key missing in German; one that is left over there would go unnoticed.
    #[test]
    fn both_languages_have_the_same_keys() -> Result<(), Box<dyn Error>> {
        for namespace in ["portal", "phones"] {
            let english = keys("", &read("en", namespace)?);
            let german = keys("", &read("de", namespace)?);
            assert!(!english.is_empty(), "{namespace} is empty");
            assert_eq!(english, german, "{namespace}");
        }
        Ok(())
    }

    fn read(language: &str, namespace: &str) -> Result<Value, Box<dyn Error>> {
        let root = env!("CARGO_MANIFEST_DIR");
        let text = std::fs::read_to_string(format!("{root}/../locales/{language}/{namespace}.json"))?;
        Ok(serde_json::from_str(&text)?)
    }

    fn keys(path: &str, value: &Value) -> BTreeSet<String> {
        match value {
            Value::Object(map) => {
                map.iter().flat_map(|(key, value)| keys(&format!("{path}.{key}"), value)).collect()
            }
            _ => BTreeSet::from([path.to_owned()]),
        }
    }
}

//! What a browser sees. Rendered by the server, brought to life by WebAssembly.

pub mod api;
mod browser;
mod components;
pub mod error;
mod live;
mod pages;
pub mod served;
pub mod site;
#[cfg(feature = "ssr")]
pub mod visitor;
mod words;

include!(concat!(env!("OUT_DIR"), "/i18n/mod.rs"));

use leptos::prelude::*;
use leptos_i18n::context::UseLocalesOptions;
use leptos_meta::{HashedStylesheet, Link, MetaTags, Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};

use crate::components::footer::PageFooter;
use crate::components::frame::Frame;
use crate::components::header::PageHeader;
use crate::components::shell::provide_shell;
use crate::i18n::I18nContextProvider;
use crate::live::{Clock, Live};
use crate::pages::account::AccountPage;
use crate::pages::contact::ContactPage;
use crate::pages::device::DevicePage;
use crate::pages::devices::DevicesPage;
use crate::pages::not_found::NotFoundPage;
use crate::pages::notifications::NotificationsPage;
use crate::pages::phone::PhonePage;
use crate::pages::phones::PhonesPage;
use crate::pages::reset::ResetPage;
use crate::pages::sign_in::SignInPage;

/// Which address a document was drawn for.
const DRAWN_FOR: &str = "drawn-for";

/// Whether Back or Forward was pressed before WebAssembly arrived: the address has changed then, and the page has not.
pub fn shows_another_page() -> bool {
    browser::meta(DRAWN_FOR).is_some_and(|path| browser::path().is_some_and(|address| address != path))
}

/// The document around the app. A page drawn at a form's address stays as the server drew it.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    served::protect();
    let live = (!served::is_static()).then(|| view! { <HydrationScripts options=options.clone()/> });
    view! {
        <!DOCTYPE html>
        <html>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name=DRAWN_FOR content=served::path()/>
                <HashedStylesheet options id="leptos"/>
                {live}
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    Live::provide();
    Clock::provide();
    provide_shell();
    Effect::new(browser::reload_when_restored);
    // The server writes the cookie; here it is only read, with what the browser asks for.
    let wishes = UseLocalesOptions::default().ssr_lang_header_getter(served::languages);
    view! {
        <Title formatter=|page: String| format!("{} – Latchkey", served::as_markup(page))/>
        <Link rel="icon" type_="image/svg+xml" href="/favicon.svg"/>
        <I18nContextProvider enable_cookie=false ssr_lang_header_getter=wishes>
            <Router>
                <PageHeader/>
                <Frame>
                    <Pages/>
                </Frame>
                <PageFooter/>
            </Router>
        </I18nContextProvider>
    }
}

#[component]
fn Pages() -> impl IntoView {
    view! {
        <Routes fallback=NotFoundPage>
            <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
            <Route path=path!("/devices") view=DevicesPage ssr=SsrMode::Async/>
            <Route path=path!("/devices/:id") view=DevicePage ssr=SsrMode::Async/>
            <Route path=path!("/devices/:id/reset") view=ResetPage ssr=SsrMode::Async/>
            <Route path=path!("/notifications") view=NotificationsPage ssr=SsrMode::Async/>
            <Route path=path!("/contact") view=ContactPage ssr=SsrMode::Async/>
            <Route path=path!("/account") view=AccountPage ssr=SsrMode::Async/>
            <Route path=path!("/phones") view=PhonesPage ssr=SsrMode::Async/>
            <Route path=path!("/phones/:id") view=PhonePage ssr=SsrMode::Async/>
        </Routes>
    }
}

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

//! What a browser sees. Rendered by the server, brought to life by WebAssembly.

pub mod api;
pub mod error;
pub mod site;
#[cfg(feature = "ssr")]
pub mod visitor;

use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};

/// The document around the app.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body><App/></body>
        </html>
    }
}

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Router>
            <main>
                <Routes fallback=|| "not found">
                    <Route path=path!("/devices") view=|| view! { <p>"devices"</p> } ssr=SsrMode::Async/>
                </Routes>
            </main>
        </Router>
    }
}

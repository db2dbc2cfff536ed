//! The document, and which page stands at which address.

use leptos::nonce::use_nonce;
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
use crate::served;

/// The document around the app. A page drawn at a form's address stays as the server drew it.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    served::begin();
    served::protect();
    let style = served::site().and_then(|site| site.style);
    let style = style.map(|style| view! { <style nonce=use_nonce()>{style}</style> });
    let live =
        (!served::is_static()).then(|| view! { <HydrationScripts options=options.clone() islands=true/> });
    view! {
        <!DOCTYPE html>
        <html>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <HashedStylesheet options id="leptos"/>
                {style}
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
    provide_shell();
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

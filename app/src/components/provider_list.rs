use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::site::Provider;
use crate::words::language;

/// The organisation's own identity providers: each a plain form, which leads there.
#[component]
pub fn ProviderList(
    providers: Vec<Provider>,
    /// The five minutes are running.
    counting: bool,
) -> impl IntoView {
    let l = language();
    let asks_again = (counting && !providers.is_empty())
        .then(|| view! { <p class="quiet">{td_string!(l, portal.sign_in.asks_again)}</p> });
    let buttons = providers
        .into_iter()
        .map(|Provider { id, name }| {
            view! {
                <form method="post" action=format!("/oidc/{id}/sign-in")>
                    <button class="button button-first" type="submit">
                        {td_string!(l, portal.sign_in.continue_with, provider = name)}
                    </button>
                </form>
            }
        })
        .collect_view();
    view! {
        {buttons}
        {asks_again}
    }
}

use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::words::language;

/// A plain form: a sign-in is a page load, with a new cookie and a page drawn for whoever came.
#[component]
pub fn SignInForm(
    /// The last try was wrong.
    wrong: bool,
    /// The five minutes are running.
    counting: bool,
) -> impl IntoView {
    let l = language();
    let invalid = wrong.then_some("true");
    let described = wrong.then_some("wrong");
    let described_password = match (wrong, counting) {
        (true, _) => Some("wrong recovery"),
        (false, true) => Some("recovery"),
        (false, false) => None,
    };
    view! {
        <form class="sign-in-form" method="post" action="/sign-in">
            {wrong
                .then(|| {
                    view! {
                        <div class="notice notice-problem" role="alert" id="wrong">
                            <p class="notice-what">{td_string!(l, portal.sign_in.wrong)}</p>
                            <p>
                                {td_string!(l, portal.sign_in.wrong_do)}
                                {counting.then(|| format!(" {}", td_string!(l, portal.sign_in.wrong_window)))}
                            </p>
                        </div>
                    }
                })}
            <p class="field">
                <label for="user_name">{td_string!(l, portal.sign_in.user_name)}</label>
                <input
                    id="user_name"
                    name="user_name"
                    type="text"
                    autocomplete="username"
                    autocapitalize="none"
                    spellcheck="false"
                    aria-invalid=invalid
                    aria-describedby=described
                    required
                />
            </p>
            <p class="field">
                <label for="password">{td_string!(l, portal.sign_in.password)}</label>
                <input
                    id="password"
                    name="password"
                    type="password"
                    autocomplete="current-password"
                    aria-invalid=invalid
                    aria-describedby=described_password
                    required
                />
                {(wrong || counting)
                    .then(|| view! { <span class="quiet" id="recovery">{td_string!(l, portal.sign_in.recovery)}</span> })}
            </p>
            <button class="button button-first" type="submit">{td_string!(l, portal.sign_in.button)}</button>
        </form>
    }
}

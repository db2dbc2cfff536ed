use domain::account::MIN_PASSWORD_CHARS;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_i18n::td_string;

use crate::api::change_password::ChangePassword;
use crate::words::language;

#[component]
pub fn PasswordForm() -> impl IntoView {
    let l = language();
    view! {
        <section class="panel" aria-labelledby="secret">
            <h2 id="secret">{td_string!(l, portal.account.password_title)}</h2>
            <form method="post" action=ChangePassword::PATH data-here>
                <p class="field">
                    <label for="current">{td_string!(l, portal.account.current)}</label>
                    <input id="current" name="current" type="password" autocomplete="current-password" required/>
                </p>
                <p class="field">
                    <label for="new">{td_string!(l, portal.account.new)}</label>
                    <span class="quiet" id="rule">{td_string!(l, portal.account.password_rule)}</span>
                    <input
                        id="new"
                        name="new"
                        type="password"
                        autocomplete="new-password"
                        minlength=MIN_PASSWORD_CHARS.to_string()
                        aria-describedby="rule"
                        required
                    />
                </p>
                <button class="button button-first" type="submit">{td_string!(l, portal.account.change)}</button>
            </form>
        </section>
    }
}

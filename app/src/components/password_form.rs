use domain::account::MIN_PASSWORD_CHARS;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_i18n::td_string;

use super::refused::Refused;
use crate::api::change_password::ChangePassword;
use crate::words::language;

#[component]
pub fn PasswordForm() -> impl IntoView {
    let l = language();
    let change = ServerAction::<ChangePassword>::new();
    let refused = move || change.value().get().and_then(Result::err);
    view! {
        <section class="panel" aria-labelledby="secret">
            <h2 id="secret">{td_string!(l, portal.account.password_title)}</h2>
            {move || refused().map(|error| view! { <Refused refusal=error.0/> })}
            <ActionForm action=change>
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
            </ActionForm>
        </section>
    }
}

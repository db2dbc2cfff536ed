use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::words::language;

/// Who there is to be in the demo organisation.
#[component]
pub fn DemoAccounts() -> impl IntoView {
    let l = language();
    let people = [
        ("ana", td_string!(l, portal.sign_in.demo_ana)),
        ("ben", td_string!(l, portal.sign_in.demo_ben)),
        ("ira", td_string!(l, portal.sign_in.demo_ira)),
    ];
    let rows = people
        .into_iter()
        .map(|(user, who)| {
            view! {
                <tr>
                    <td>{who}</td>
                    <td><code>{user}</code></td>
                    <td><code>{user} "-demo"</code></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="demo">
            <h2 id="demo">{td_string!(l, portal.sign_in.demo)}</h2>
            <p>{td_string!(l, portal.sign_in.demo_lead)}</p>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{td_string!(l, portal.sign_in.demo_person)}</th>
                        <th scope="col">{td_string!(l, portal.sign_in.user_name)}</th>
                        <th scope="col">{td_string!(l, portal.sign_in.password)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            <p><a class="link" href="/phones">{td_string!(l, portal.sign_in.demo_phones)}</a></p>
        </section>
    }
}

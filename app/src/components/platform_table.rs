use domain::device::Platform;
use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::words::language;
use crate::words::platform::{effect_words, platform_name};

/// What a reset does on every platform that has one.
#[component]
pub fn PlatformTable() -> impl IntoView {
    let l = language();
    let rows = Platform::ALL
        .into_iter()
        .filter(|platform| platform.reset_effect().is_some())
        .map(|platform| {
            view! {
                <tr>
                    <th scope="row">{platform_name(l, platform)}</th>
                    <td>{effect_words(l, platform)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <details class="more">
            <summary>{td_string!(l, portal.platform.table)}</summary>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{td_string!(l, portal.platform.column_type)}</th>
                        <th scope="col">{td_string!(l, portal.platform.column_effect)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </details>
    }
}

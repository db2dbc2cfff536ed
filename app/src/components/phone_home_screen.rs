use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_i18n::td_string;

use crate::api::phones::{Lock, SetPasscode};
use crate::words::language;

/// Pictures of apps nobody needs here.
const APPS: usize = 8;

/// What an unlocked phone shows: its apps, and the one setting that matters here.
#[component]
pub fn PhoneHomeScreen(device: String, has_passcode: bool) -> impl IntoView {
    let apps = (0..APPS).map(|_| view! { <span class="home-app"></span> }).collect_view();
    view! {
        <div class="home" id="home-screen">
            <div class="home-apps" aria-hidden="true">{apps}</div>
            <NewPasscode device=device.clone() has_passcode/>
            <form method="post" action=Lock::PATH data-here>
                <input type="hidden" name="device" value=device/>
                <button type="submit" class="handset-button handset-button-quiet">
                    {td_string!(language(), phones.lock)}
                </button>
            </form>
        </div>
    }
}

#[component]
fn NewPasscode(device: String, has_passcode: bool) -> impl IntoView {
    let l = language();
    let now =
        if has_passcode { td_string!(l, phones.has_passcode) } else { td_string!(l, phones.has_no_passcode) };
    view! {
        <section class="home-setting" aria-labelledby="new-passcode">
            <h2 class="home-heading" id="new-passcode">{td_string!(l, phones.new_passcode)}</h2>
            <p class="handset-hint" id="own-code-hint">{now} " " {td_string!(l, phones.own_code_hint)}</p>
            <form class="handset-form" method="post" action=SetPasscode::PATH autocomplete="off" data-here>
                <input type="hidden" name="device" value=device/>
                <label class="handset-label" for="own-code">{td_string!(l, phones.own_code)}</label>
                <input
                    id="own-code"
                    class="handset-field"
                    type="text"
                    name="own_code"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    aria-describedby="own-code-hint"
                />
                <button type="submit" class="handset-button">{td_string!(l, phones.set_passcode)}</button>
            </form>
        </section>
    }
}

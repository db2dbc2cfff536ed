use domain::device::Platform;
use leptos::prelude::*;
use leptos_i18n::td_string;

use super::phone_clock::PhoneClock;
use crate::api::phones::PhoneView;
use crate::words::language;

/// The picture of the device around its screen.
#[component]
pub fn PhoneBody(seen: PhoneView, children: Children) -> impl IntoView {
    let l = language();
    let PhoneView { phone, now } = seen;
    let (class, network) = if phone.online {
        ("handset-network", td_string!(l, phones.online))
    } else {
        ("handset-network handset-silent", td_string!(l, phones.offline))
    };
    view! {
        <div class=format!("handset {}", shape(phone.platform))>
            <div class="handset-screen">
                <div class="handset-bar">
                    <span class=class>
                        <Waves/>
                        {network}
                    </span>
                    <PhoneClock now/>
                </div>
                {children()}
            </div>
            <div class="handset-foot" aria-hidden="true">
                <span></span>
                <span></span>
                <span></span>
            </div>
        </div>
    }
}

#[component]
fn Waves() -> impl IntoView {
    view! {
        <svg class="handset-waves" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
            <rect x="1" y="10" width="3" height="5" rx="1"></rect>
            <rect x="6" y="6" width="3" height="9" rx="1"></rect>
            <rect x="11" y="2" width="3" height="13" rx="1"></rect>
        </svg>
    }
}

const fn shape(platform: Platform) -> &'static str {
    match platform {
        Platform::Android => "handset-android",
        Platform::Ios => "handset-ios",
        Platform::Windows10Mobile => "handset-win10",
        Platform::WindowsPhone81 => "handset-wp81",
        Platform::MacOs => "handset-laptop handset-macos",
        Platform::Windows | Platform::Other => "handset-laptop handset-windows",
    }
}

use domain::device::Platform;
use leptos::prelude::*;

use crate::components::phone_clock::PhoneClock;
use crate::components::phone_hand::InHand;
use crate::i18n::{t, use_i18n};

/// The picture of the device around its screen.
#[component]
pub fn PhoneBody(hand: InHand, platform: Platform, children: Children) -> impl IntoView {
    let i18n = use_i18n();
    let network = move || {
        if hand.online.get() {
            t!(i18n, phones.online).into_any()
        } else {
            t!(i18n, phones.offline).into_any()
        }
    };
    view! {
        <div class=format!("handset {}", shape(platform))>
            <div class="handset-screen">
                <div class="handset-bar">
                    <span class="handset-network" class:handset-silent=move || !hand.online.get()>
                        <Waves/>
                        {network}
                    </span>
                    <PhoneClock minute=hand.minute/>
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
            <rect x="1" y="10" width="3" height="5" rx="1"/>
            <rect x="6" y="6" width="3" height="9" rx="1"/>
            <rect x="11" y="2" width="3" height="13" rx="1"/>
        </svg>
    }
}

fn shape(platform: Platform) -> &'static str {
    match platform {
        Platform::Android => "handset-android",
        Platform::Ios => "handset-ios",
        Platform::Windows10Mobile => "handset-w10m",
        Platform::WindowsPhone81 => "handset-wp81",
        Platform::MacOs => "handset-laptop handset-macos",
        Platform::Windows => "handset-laptop handset-windows",
    }
}

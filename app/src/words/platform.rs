use domain::device::{Device, Platform};
use leptos_i18n::td_string;

use crate::i18n::Locale;

pub fn platform_name(l: Locale, platform: Platform) -> &'static str {
    match platform {
        Platform::Android => td_string!(l, portal.platform.android),
        Platform::Ios => td_string!(l, portal.platform.ios),
        Platform::Windows10Mobile => td_string!(l, portal.platform.windows_10_mobile),
        Platform::WindowsPhone81 => td_string!(l, portal.platform.windows_phone_81),
        Platform::MacOs => td_string!(l, portal.platform.macos),
        Platform::Windows => td_string!(l, portal.platform.windows),
        Platform::Other => td_string!(l, portal.platform.other),
    }
}

/// The platform table of the procedure, line by line.
pub fn effect_words(l: Locale, platform: Platform) -> &'static str {
    match platform {
        Platform::Android => td_string!(l, portal.platform.effect_android),
        Platform::Ios => td_string!(l, portal.platform.effect_ios),
        Platform::Windows10Mobile => td_string!(l, portal.platform.effect_windows_10_mobile),
        Platform::WindowsPhone81 => td_string!(l, portal.platform.effect_windows_phone_81),
        Platform::MacOs | Platform::Windows | Platform::Other => td_string!(l, portal.platform.effect_none),
    }
}

/// The same of one device, whose MDM may set no passcode where others do.
pub fn effect_on(l: Locale, device: &Device) -> &'static str {
    if takes_away(device) {
        td_string!(l, portal.platform.effect_removed)
    } else {
        effect_words(l, device.platform)
    }
}

fn takes_away(device: &Device) -> bool {
    device.platform != Platform::Ios && device.platform.reset_effect().is_some() && !device.leaves_passcode()
}

/// What the person does on the device once it is reset.
pub fn next_steps(l: Locale, device: &Device) -> Vec<&'static str> {
    if takes_away(device) {
        return vec![td_string!(l, portal.steps.removed_1), td_string!(l, portal.steps.removed_2)];
    }
    match device.platform {
        Platform::Android => vec![
            td_string!(l, portal.steps.android_1),
            td_string!(l, portal.steps.android_2),
            td_string!(l, portal.steps.android_3),
        ],
        Platform::Ios => vec![
            td_string!(l, portal.steps.ios_1),
            td_string!(l, portal.steps.ios_2),
            td_string!(l, portal.steps.ios_3),
        ],
        Platform::Windows10Mobile => vec![
            td_string!(l, portal.steps.win10_1),
            td_string!(l, portal.steps.win10_2),
            td_string!(l, portal.steps.win10_3),
        ],
        Platform::WindowsPhone81 => vec![
            td_string!(l, portal.steps.wp81_1),
            td_string!(l, portal.steps.wp81_2),
            td_string!(l, portal.steps.wp81_3),
        ],
        Platform::MacOs | Platform::Windows | Platform::Other => vec![td_string!(l, portal.steps.computer_1)],
    }
}

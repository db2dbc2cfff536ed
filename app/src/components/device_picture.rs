use domain::device::Platform;
use leptos::prelude::*;

/// A picture of the kind of device. The words beside it say the same, so it is silent to a screen reader.
#[component]
pub fn DevicePicture(platform: Platform) -> impl IntoView {
    view! {
        <svg class="picture" viewBox="0 0 64 64" width="64" height="64" aria-hidden="true" focusable="false">
            <path class="picture-line" d=body(platform)/>
            <path class="picture-fill" d=mark(platform)/>
        </svg>
    }
}

/// The outline: a phone stands, a computer lies.
const fn body(platform: Platform) -> &'static str {
    match platform {
        Platform::Android | Platform::Ios => {
            "M22 6h20a5 5 0 0 1 5 5v42a5 5 0 0 1-5 5H22a5 5 0 0 1-5-5V11a5 5 0 0 1 5-5z"
        }
        Platform::Windows10Mobile | Platform::WindowsPhone81 => "M19 6h26v52H19zM19 48h26",
        Platform::MacOs => "M14 14h36a3 3 0 0 1 3 3v25H11V17a3 3 0 0 1 3-3zM5 46h54l-3 5H8z",
        Platform::Windows | Platform::Other => "M9 13h46v31H9zM24 52h16M32 44v8",
    }
}

/// What tells one from another at a glance: camera hole, notch, tiles, window.
const fn mark(platform: Platform) -> &'static str {
    match platform {
        Platform::Android => "M34.5 12a2.5 2.5 0 1 1-5 0a2.5 2.5 0 0 1 5 0z",
        Platform::Ios => "M26 6h12v2a3 3 0 0 1-3 3h-6a3 3 0 0 1-3-3zM25 53h14v2H25z",
        Platform::Windows10Mobile => "M23 12h8v8h-8zM33 12h8v8h-8zM23 22h8v8h-8zM33 22h8v8h-8zM30 51h4v4h-4z",
        Platform::WindowsPhone81 => "M23 12h18v8H23zM23 22h8v8h-8zM33 22h8v8h-8zM30 51h4v4h-4z",
        Platform::MacOs => "M29 46h6v2h-6z",
        Platform::Other => "M13 17h38v2H13z",
        Platform::Windows => "M24 20h7v7h-7zM33 20h7v7h-7zM24 29h7v7h-7zM33 29h7v7h-7z",
    }
}

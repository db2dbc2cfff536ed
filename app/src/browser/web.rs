use std::rc::Rc;

use gloo_timers::callback::{Interval, Timeout};
use leptos::prelude::{document, window, window_event_listener_untyped};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

pub use crate::live::socket::listen;

/// Stops when it is dropped. Wrapped, because signals and stored values may be shared between threads on the server,
/// and islands should not need to know that a browser has one.
pub struct Timer {
    _handle: SendWrapper<Handle>,
}

enum Handle {
    Every { _interval: Interval },
    Once { _timeout: Timeout },
}

/// Milliseconds since the page was loaded: turning the computer's clock does not move it.
pub fn monotonic_millis() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

pub fn every(millis: u32, tick: impl Fn() + 'static) -> Timer {
    Timer { _handle: SendWrapper::new(Handle::Every { _interval: Interval::new(millis, tick) }) }
}

pub fn after(millis: u32, then: impl FnOnce() + 'static) -> Timer {
    Timer { _handle: SendWrapper::new(Handle::Once { _timeout: Timeout::new(millis, then) }) }
}

/// Whether somebody can look at the page.
pub fn is_seen() -> bool {
    !document().hidden()
}

/// Runs whenever time may have passed unnoticed: the page is looked at again, came out of the cache, or has a network again.
pub fn on_wake(awake: impl Fn() + 'static) {
    let awake = Rc::new(awake);
    for event in ["visibilitychange", "pageshow", "online"] {
        let awake = Rc::clone(&awake);
        window_event_listener_untyped(event, move |_| {
            if is_seen() {
                awake();
            }
        });
    }
}

pub fn copy(text: &str) {
    // A browser without a clipboard leaves the passcode to be typed, as it is meant to be.
    let _ = window().navigator().clipboard().write_text(text);
}

pub fn text_of(id: &str) -> String {
    let text = document().get_element_by_id(id).and_then(|element| element.text_content());
    text.unwrap_or_default().split_whitespace().collect()
}

pub fn edit(field: &str, change: impl FnOnce(&mut String)) {
    let field =
        document().get_element_by_id(field).and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
    if let Some(field) = field {
        let mut typed = field.value();
        change(&mut typed);
        field.set_value(&typed);
    }
}

use std::rc::Rc;

use domain::Timestamp;
use gloo_timers::callback::{Interval, Timeout};
use leptos::prelude::{document, on_cleanup, window, window_event_listener_untyped};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};

/// Stops when it is dropped. Wrapped, because signals and stored values may be shared between threads on the server,
/// and components should not need to know that a browser has one.
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
        let handle = window_event_listener_untyped(event, move |_| {
            if is_seen() {
                awake();
            }
        });
        on_cleanup(move || handle.remove());
    }
}

/// A page kept by the browser for its Back button shows what was true then, and to whoever presses Back.
pub fn reload_when_restored() {
    window_event_listener_untyped("pageshow", |event| {
        let restored = js_sys::Reflect::get(&event, &JsValue::from_str("persisted"));
        if restored.is_ok_and(|persisted| persisted.is_truthy()) {
            let _ = window().location().reload();
        }
    });
}

/// In the browser's own time zone.
pub fn local_time(at: Timestamp, language: &str) -> Option<String> {
    #[expect(clippy::cast_precision_loss, reason = "exact for the next 280,000 years")]
    let date = js_sys::Date::new(&JsValue::from_f64(at.0 as f64));
    date.to_locale_string(language, &JsValue::UNDEFINED).as_string()
}

/// Of the browser's own time zone, now.
pub fn minutes_east_of_utc() -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a whole number of minutes, at most a day")]
    let west = js_sys::Date::new_0().get_timezone_offset() as i64;
    -west
}

pub fn copy(text: &str) {
    // A browser without a clipboard leaves the passcode to be typed, as it is meant to be.
    let _ = window().navigator().clipboard().write_text(text);
}

/// What a `meta` element of the document says.
pub fn meta(name: &str) -> Option<String> {
    let element = document().query_selector(&format!("meta[name={name}]")).ok()??;
    element.get_attribute("content")
}

pub fn path() -> Option<String> {
    window().location().pathname().ok()
}

pub fn focus(id: &str) {
    if let Some(element) = document().get_element_by_id(id)
        && let Ok(element) = element.dyn_into::<web_sys::HtmlElement>()
    {
        let _ = element.focus();
    }
}

//! "12 minutes ago" and the time on a phone's screen, by the server's clock and in the browser's own time zone.

use std::cell::Cell;

use domain::Timestamp;
use leptos::prelude::document;
use wasm_bindgen::JsValue;
use web_sys::{Document, Element};

use super::{all, page};
use crate::browser;
use crate::i18n::Locale;
use crate::words::time::relative;

const TICK_MILLIS: u32 = 5_000;

thread_local! {
    /// How far the server's time is ahead of the browser's count. An answer is never from the future, so of two
    /// estimates the larger one is nearer.
    static AHEAD: Cell<i64> = const { Cell::new(i64::MIN) };
}

pub fn start() {
    came(&document());
    std::mem::forget(browser::every(TICK_MILLIS, tick));
    browser::on_wake(tick);
}

/// When the page was drawn, by the server's clock.
pub fn drawn(page: &Document) -> Option<i64> {
    number(&page.query_selector("meta[name=now]").ok()??, "content")
}

pub fn came(page: &Document) {
    if let Some(drawn) = drawn(page) {
        AHEAD.set(AHEAD.get().max(drawn - whole_millis()));
    }
    tick();
}

fn tick() {
    let now = Timestamp(AHEAD.get().saturating_add(whole_millis()));
    let language =
        document().document_element().and_then(|html| html.get_attribute("lang")).unwrap_or_default();
    let l = if language == "de" { Locale::de } else { Locale::en };
    for time in all("time[data-at]") {
        let Some(at) = number(&time, "data-at").map(Timestamp) else { continue };
        if time.has_attribute("data-clock") {
            say(&time, &of_day(at));
            continue;
        }
        say(&time, &relative(l, at, now));
        let local = date(at).to_locale_string(&language, &JsValue::UNDEFINED);
        let exact = time.get_attribute("data-exact").unwrap_or_default();
        let _ = time.set_attribute("title", &format!("{} · {exact}", String::from(local)));
    }
    for shown in all("[data-until]") {
        if number(&shown, "data-until").is_some_and(|until| until <= now.0) {
            shown.set_inner_html("");
            for mark in ["data-shown", "data-until"] {
                let _ = shown.remove_attribute(mark);
            }
            page::look_again();
        }
    }
}

/// Only when it changes: a screen reader may be reading it.
fn say(time: &Element, words: &str) {
    if time.text_content().as_deref() != Some(words) {
        time.set_text_content(Some(words));
    }
}

fn of_day(at: Timestamp) -> String {
    let date = date(at);
    format!("{:02}:{:02}", date.get_hours(), date.get_minutes())
}

fn date(at: Timestamp) -> js_sys::Date {
    #[expect(clippy::cast_precision_loss, reason = "exact for the next 280,000 years")]
    js_sys::Date::new(&JsValue::from_f64(at.0 as f64))
}

fn number(element: &Element, name: &str) -> Option<i64> {
    element.get_attribute(name)?.parse().ok()
}

#[expect(clippy::cast_possible_truncation, reason = "whole milliseconds are enough")]
fn whole_millis() -> i64 {
    browser::monotonic_millis() as i64
}

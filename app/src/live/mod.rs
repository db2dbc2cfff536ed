//! How a page the server drew lives: it is told that something has changed, asks for itself anew, and exchanges what
//! differs. Forms are answered in place, and times count on. One drawing serves pages with and without WebAssembly.

mod forms;
mod morph;
mod page;
mod passkeys;
pub mod socket;
mod times;

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::Element;

/// Once a page.
pub fn start() {
    page::start();
    times::start();
    forms::start();
    passkeys::start();
}

fn all(selector: &str) -> Vec<Element> {
    let Ok(list) = document().query_selector_all(selector) else { return Vec::new() };
    (0..list.length()).filter_map(|place| list.get(place)?.dyn_into().ok()).collect()
}

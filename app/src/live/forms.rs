//! Forms marked with `data-here` are answered in the page they stand on, by the same answer a page without WebAssembly
//! gets.

use leptos::prelude::{window, window_event_listener_untyped};
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Event, FormData, Headers, HtmlFormElement, Request, RequestInit, Response, Url, UrlSearchParams,
};

use super::page::{self, Place};
use super::passkeys;

/// While it is under way the form sends nothing more.
const BUSY: &str = "aria-busy";

pub fn start() {
    window_event_listener_untyped("submit", |event| submitted(&event));
}

fn submitted(event: &Event) {
    let form = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
    let Some(form) = form else { return };
    let asks_passkey = form.has_attribute("data-passkey");
    if !asks_passkey && !form.has_attribute("data-here") {
        return;
    }
    event.prevent_default();
    if form.has_attribute(BUSY) {
        return;
    }
    let _ = form.set_attribute(BUSY, "true");
    if asks_passkey {
        return passkeys::submitted(form);
    }
    spawn_local(async move {
        if answer(&form).await.is_err() {
            page::say_unreached();
        }
        set_free(&form);
    });
}

/// It may be sent again.
pub fn set_free(form: &HtmlFormElement) {
    let _ = form.remove_attribute(BUSY);
}

/// What is in the form, as a browser without WebAssembly would send it.
pub async fn post(form: &HtmlFormElement, to: &str) -> Result<Response, JsValue> {
    let fields = UrlSearchParams::new_with_str_sequence_sequence(&FormData::new_with_form(form)?.into())?;
    let headers = Headers::new()?;
    headers.set("accept", "text/html")?;
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&fields);
    page::send(&Request::new_with_str_and_init(to, &init)?).await
}

/// Sends the form, and shows what came.
pub async fn answer(form: &HtmlFormElement) -> Result<(), JsValue> {
    let place = Place::of(form);
    show(&post(form, &form.get_attribute("action").unwrap_or_default()).await?, form, &place).await
}

/// As a browser without WebAssembly would: another page, or the same one with what it says now.
pub async fn show(answer: &Response, form: &HtmlFormElement, place: &Place) -> Result<(), JsValue> {
    if answer.redirected() {
        let to = Url::new(&answer.url())?;
        if to.pathname() != window().location().pathname()? {
            return window().location().assign(&answer.url());
        }
        window().history()?.replace_state_with_url(&JsValue::NULL, "", Some(&answer.url()))?;
    }
    let html = page::body(answer).await?;
    if answer.ok() {
        // As on a phone, what was typed is not left standing.
        form.reset();
    }
    page::show_answer(&html);
    // Not every browser has put the focus on a button that was pressed.
    place.keep();
    Ok(())
}

//! Forms marked with `data-here` are answered in the page they stand on, by the same answer a page without WebAssembly
//! gets.

use leptos::prelude::{document, window, window_event_listener_untyped};
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Element, Event, FormData, Headers, HtmlElement, HtmlFormElement, Request, RequestInit, Url,
    UrlSearchParams,
};

use super::page;

/// While it is under way the form sends nothing more.
const BUSY: &str = "aria-busy";

pub fn start() {
    window_event_listener_untyped("submit", |event| submitted(&event));
}

fn submitted(event: &Event) {
    let form = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
    let Some(form) = form.filter(|form| form.has_attribute("data-here")) else { return };
    event.prevent_default();
    if form.has_attribute(BUSY) {
        return;
    }
    let _ = form.set_attribute(BUSY, "true");
    spawn_local(async move {
        if post(&form).await.is_err() {
            page::say_unreached();
        }
        let _ = form.remove_attribute(BUSY);
    });
}

async fn post(form: &HtmlFormElement) -> Result<(), JsValue> {
    let fields = UrlSearchParams::new_with_str_sequence_sequence(&FormData::new_with_form(form)?.into())?;
    let headers = Headers::new()?;
    headers.set("accept", "text/html")?;
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&fields);
    let request = Request::new_with_str_and_init(&form.get_attribute("action").unwrap_or_default(), &init)?;
    let answer = page::send(&request).await?;
    if answer.redirected() {
        let to = Url::new(&answer.url())?;
        if to.pathname() != window().location().pathname()? {
            return window().location().assign(&answer.url());
        }
        window().history()?.replace_state_with_url(&JsValue::NULL, "", Some(&answer.url()))?;
    }
    let html = page::body(&answer).await?;
    let section = form.closest("section")?.and_then(|section| section.get_attribute("aria-labelledby"));
    if answer.ok() {
        // As on a phone, what was typed is not left standing.
        form.reset();
    }
    page::show_answer(&html);
    keep_place(section.as_deref());
    Ok(())
}

/// The button that was pressed may be gone, and Tab would begin at the top of the page.
fn keep_place(section: Option<&str>) {
    let page = document();
    let lost = page.active_element().is_none_or(|focused| focused.tag_name() == "BODY");
    let heading =
        section.and_then(|id| page.get_element_by_id(id)).or_else(|| page.query_selector("main").ok()?);
    if lost && let Some(heading) = heading.and_then(|heading: Element| heading.dyn_into::<HtmlElement>().ok())
    {
        let _ = heading.set_attribute("tabindex", "-1");
        let _ = heading.focus();
    }
}

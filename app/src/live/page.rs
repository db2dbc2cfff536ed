use std::cell::Cell;

use leptos::prelude::{document, window, window_event_listener_untyped};
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, DomParser, Element, HtmlElement, Request, Response, SupportedType};

use super::{all, morph, times};
use crate::browser;

/// What the server drew for this address, and what stays as long as the page.
const CONTENT: &str = "main";
const PAGE: &str = ".page";
/// Of a page that is asked for anew when something has changed. Its content says after how many milliseconds untold.
const LIVE: &str = "meta[name=live]";

thread_local! {
    static ASKING: Cell<Asking> = const { Cell::new(Asking::Not) };
}

/// One question at a time: a slow answer must not be overtaken by an older one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asking {
    Not,
    Once,
    /// Something changed while the answer was under way.
    Again,
    /// The session ended: nothing that stood here may come back.
    Over,
}

pub fn start() {
    morph::know_islands();
    browser::on_wake(look_again);
    let often = document().query_selector(LIVE).ok().flatten().and_then(|meta| meta.get_attribute("content"));
    if let Some(millis) = often.and_then(|millis| millis.parse().ok()) {
        let look = || {
            if browser::is_seen() {
                look_again();
            }
        };
        // Until the page is left.
        std::mem::forget(browser::every(millis, look));
    }
    // A page kept by the browser for its Back button shows what was true then, and to whoever presses Back.
    window_event_listener_untyped("pageshow", |event| {
        let restored = js_sys::Reflect::get(&event, &JsValue::from_str("persisted"));
        if restored.is_ok_and(|persisted| persisted.is_truthy()) {
            let _ = window().location().reload();
        }
    });
}

/// Asks for the page anew, if it is one that changes, and exchanges what differs.
pub fn look_again() {
    match ASKING.get() {
        Asking::Not if document().query_selector(LIVE).is_ok_and(|live| live.is_some()) => {}
        Asking::Once => return ASKING.set(Asking::Again),
        _ => return,
    }
    ASKING.set(Asking::Once);
    spawn_local(async {
        let answer = ask().await;
        let asking = ASKING.replace(Asking::Not);
        match asking {
            Asking::Over => ASKING.set(Asking::Over),
            Asking::Again => look_again(),
            // Without a network the page stays as it is; whatever comes next asks again.
            _ => match answer {
                Ok(Some(html)) => show(&html, PAGE),
                Ok(None) => sign_out(),
                Err(_) => {}
            },
        }
    });
}

/// The page as it is now; none when it is only for those who are signed in.
async fn ask() -> Result<Option<String>, JsValue> {
    let request = Request::new_with_str(&window().location().href()?)?;
    let answer = send(&request).await?;
    if answer.redirected() {
        return Ok(None);
    }
    Ok(Some(body(&answer).await?))
}

pub async fn send(request: &Request) -> Result<Response, JsValue> {
    JsFuture::from(window().fetch_with_request(request)).await?.dyn_into()
}

pub async fn body(answer: &Response) -> Result<String, JsValue> {
    JsFuture::from(answer.text()?).await.map(|text| text.as_string().unwrap_or_default())
}

/// A form was answered with this page.
pub fn show_answer(html: &str) {
    if ASKING.get() != Asking::Over {
        show(html, CONTENT);
    }
}

fn show(html: &str, part: &str) {
    let Some(new) = parse(html) else { return };
    let old = document();
    let place = focused().map(|focused| Place::of(&focused));
    if let (Ok(Some(old)), Ok(Some(new))) = (old.query_selector(part), new.query_selector(part)) {
        morph::exchange(&old, &new);
    }
    if let Some(place) = place {
        place.keep();
    }
    old.set_title(&new.title());
    times::came(&new);
}

/// Where on the page a person is. What they pressed may be gone, and Tab would begin at the top of the page.
pub struct Place {
    /// The id of the heading of the section.
    heading: Option<String>,
}

impl Place {
    pub fn of(element: &Element) -> Self {
        let section = element.closest("section").ok().flatten();
        Self { heading: section.and_then(|section| section.get_attribute("aria-labelledby")) }
    }

    /// The next Tab goes on from there.
    pub fn keep(&self) {
        if focused().is_some() {
            return;
        }
        let heading = self.heading.as_ref().and_then(|id| document().get_element_by_id(id));
        let place = heading.or_else(|| document().query_selector(CONTENT).ok()?);
        if let Some(place) = place.and_then(|place| place.dyn_into::<HtmlElement>().ok()) {
            let _ = place.set_attribute("tabindex", "-1");
            let _ = place.focus();
        }
    }
}

fn focused() -> Option<Element> {
    document().active_element().filter(|focused| focused.tag_name() != "BODY")
}

fn parse(html: &str) -> Option<Document> {
    DomParser::new().ok()?.parse_from_string(html, SupportedType::TextHtml).ok()
}

/// The session ended elsewhere: what stands on the page is no longer for whoever looks at it.
pub fn sign_out() {
    ASKING.set(Asking::Over);
    for own in all("[data-own]") {
        own.set_inner_html("");
    }
    for notice in all("[data-signed-out]") {
        let _ = notice.remove_attribute("hidden");
    }
}

/// Nothing was heard of what a form asked for.
pub fn say_unreached() {
    for notice in all("[data-unreached]") {
        let _ = notice.remove_attribute("hidden");
    }
}

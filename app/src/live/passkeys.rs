//! Forms marked with `data-passkey`: the server is asked what to ask, the browser's passkey answers, and the answer is
//! sent with the form. What the passkey says is the server's to judge.

use js_sys::{Function, JSON, Object, Promise, Reflect};
use leptos::prelude::{document, window};
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlFormElement, HtmlInputElement};

use super::forms;
use super::page::{self, Place};

/// On the document, where the style sheet finds it: the forms are there, and shown by it.
const POSSIBLE: &str = "data-passkeys";

pub fn start() {
    if class().is_some()
        && let Some(root) = document().document_element()
    {
        let _ = root.set_attribute(POSSIBLE, "");
    }
}

pub fn submitted(form: HtmlFormElement) {
    tell(&form, false);
    spawn_local(async move {
        // Called off, timed out, or not possible here: which of them, browsers do not say.
        if answer(&form).await.is_err() {
            tell(&form, true);
        }
        forms::set_free(&form);
    });
}

async fn answer(form: &HtmlFormElement) -> Result<(), JsValue> {
    let place = Place::of(form);
    let begun = forms::post(form, &form.get_attribute("data-begin").unwrap_or_default()).await?;
    if !begun.headers().get("content-type")?.is_some_and(|kind| kind.starts_with("application/json")) {
        // Refused, or signed out by now.
        return forms::show(&begun, form, &place).await;
    }
    let asked = JSON::parse(&page::body(&begun).await?)?;
    let (reads, does) = if form.get_attribute("data-passkey").as_deref() == Some("create") {
        ("parseCreationOptionsFromJSON", "create")
    } else {
        ("parseRequestOptionsFromJSON", "get")
    };
    let options = get(&get(&asked, "options")?, "publicKey")?;
    let options = call(&class().ok_or(JsValue::NULL)?, reads, &options)?;
    let wishes = Object::new();
    Reflect::set(&wishes, &"publicKey".into(), &options)?;
    let credentials = get(&window().navigator(), "credentials")?;
    let credential = JsFuture::from(Promise::from(call(&credentials, does, &wishes)?)).await?;
    fill(form, "ticket", &get(&asked, "ticket")?.as_string().unwrap_or_default())?;
    fill(form, "answer", &String::from(JSON::stringify(&credential)?))?;
    forms::answer(form).await
}

/// Where browsers read and write what passkeys are asked and answer as JSON.
fn class() -> Option<JsValue> {
    let class = get(&window(), "PublicKeyCredential").ok()?;
    get(&class, "parseCreationOptionsFromJSON").ok()?.is_function().then_some(class)
}

fn get(of: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    Reflect::get(of, &name.into())
}

fn call(of: &JsValue, name: &str, with: &JsValue) -> Result<JsValue, JsValue> {
    get(of, name)?.dyn_into::<Function>()?.call1(of, with)
}

fn fill(form: &Element, name: &str, value: &str) -> Result<(), JsValue> {
    let field = form.query_selector(&format!("[name={name}]"))?;
    field.ok_or(JsValue::NULL)?.dyn_into::<HtmlInputElement>()?.set_value(value);
    Ok(())
}

fn tell(form: &Element, failed: bool) {
    if let Ok(Some(place)) = form.query_selector("[data-failed]") {
        let words = place.get_attribute("data-failed").filter(|_| failed);
        place.set_text_content(words.as_deref());
    }
}

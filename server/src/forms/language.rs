use app::wishes::LANGUAGE_COOKIE;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use http::header::{HeaderMap, REFERER, SET_COOKIE};
use serde::Deserialize;

use crate::host::Host;
use crate::refused::{Refused, readable};

#[derive(Deserialize)]
pub struct Choice {
    lang: Language,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Language {
    En,
    De,
}

pub async fn language(
    State(host): State<Host>,
    headers: HeaderMap,
    form: Result<Form<Choice>, FormRejection>,
) -> Result<Response, Refused> {
    let name = match readable(form)?.lang {
        Language::En => "en",
        Language::De => "de",
    };
    let secure = if host.cookies.secure { "; Secure" } else { "" };
    let cookie = format!("{LANGUAGE_COOKIE}={name}; Path=/; Max-Age=31536000; SameSite=Lax{secure}");
    let back = headers
        .get(REFERER)
        .and_then(|referer| referer.to_str().ok())
        .and_then(|referer| host.origins.own_page(referer));
    let back = back.as_ref().map_or("/", http::Uri::path);
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to(back)).into_response())
}

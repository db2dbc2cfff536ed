//! On to somebody else's site, at the end of a form.

use axum::response::{Html, IntoResponse, Redirect, Response};
use http::header::HeaderMap;

/// Browsers hold every redirect that follows a form against `form-action` of the page it stood on, also those that a
/// provider makes to yet another site, whom nobody here knows. For them a page ends the form and leads on by itself.
pub fn lead_to(headers: &HeaderMap, url: &str) -> Response {
    if headers.get("sec-fetch-mode").is_none_or(|mode| mode != "navigate") {
        return Redirect::to(url).into_response();
    }
    let url = url.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let site = url.split('/').nth(2).unwrap_or_default();
    Html(format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"refresh\" content=\"0;url={url}\"><title>{site}</title></head>\
         <body><p><a href=\"{url}\">{site}</a></p></body></html>"
    ))
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_a_page_that_leads_on() {
        let mut headers = HeaderMap::new();
        assert_eq!(lead_to(&headers, "https://id.example.com/a?b=c&d=e").status(), 303);
        headers.insert("sec-fetch-mode", "cors".parse().unwrap());
        assert_eq!(lead_to(&headers, "https://id.example.com/a").status(), 303);
        headers.insert("sec-fetch-mode", "navigate".parse().unwrap());
        assert_eq!(lead_to(&headers, "https://id.example.com/a").status(), 200);
    }
}

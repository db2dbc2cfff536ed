use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use reqwest::{Client, Method, RequestBuilder, redirect};
use scraper::{Html, Selector};

use super::program::Secrets;

/// Keeps cookies, sends its Origin, follows nothing. Plain forms or, as [`Browser::call`], a page's own requests.
pub struct Browser {
    client: Client,
    pub url: String,
    /// What stands in its address bar, where that is not where it connects to.
    pub origin: Option<String>,
    cookies: Mutex<BTreeMap<String, String>>,
    secrets: Secrets,
    /// Every address it was at or was sent to.
    pub history: Mutex<Vec<String>>,
    /// Sent with everything.
    pub extra_headers: Vec<(&'static str, String)>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub leads_to: Option<String>,
    pub challenge: Option<String>,
    pub cache: Option<String>,
    /// All of them, in alphabetical order.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

pub type Fields<'a> = &'a [(&'a str, &'a str)];

const PAGE: &str = "text/html,application/xhtml+xml";
const DATA: &str = "application/json";

impl Browser {
    pub fn new(url: String, secrets: Secrets) -> Self {
        let client = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self {
            client,
            url,
            origin: None,
            cookies: Mutex::default(),
            secrets,
            history: Mutex::default(),
            extra_headers: Vec::new(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(self.request(Method::GET, path, PAGE)).await
    }

    pub async fn send(&self, method: Method, path: &str) -> Answer {
        self.ask(self.request(method, path, PAGE)).await
    }

    /// As a form without JavaScript is sent.
    pub async fn form(&self, path: &str, fields: Fields<'_>) -> Answer {
        self.ask(self.request(Method::POST, path, PAGE).form(fields)).await
    }

    /// The same towards a program that may die before it answers.
    pub async fn try_form(&self, path: &str, fields: Fields<'_>) -> Option<Answer> {
        self.try_ask(self.request(Method::POST, path, PAGE).form(fields)).await
    }

    /// As WebAssembly asks a server function.
    pub async fn call(&self, function: &str, fields: Fields<'_>) -> Answer {
        self.ask(self.request(Method::POST, &format!("/api/{function}"), DATA).form(fields)).await
    }

    /// The same of a program that may die before it answers.
    pub async fn try_call(&self, function: &str, fields: Fields<'_>) -> Option<Answer> {
        self.try_ask(self.request(Method::POST, &format!("/api/{function}"), DATA).form(fields)).await
    }

    pub async fn sign_in(&self, user_name: &str) -> Answer {
        self.try_sign_in(user_name).await.unwrap()
    }

    pub async fn try_sign_in(&self, user_name: &str) -> Option<Answer> {
        let fields = [("user_name", user_name), ("password", &format!("{user_name}-demo"))];
        self.try_form("/sign-in", &fields).await
    }

    /// On the way to an identity provider: where the browser is sent.
    pub async fn ask_provider(&self, id: &str) -> String {
        let answer = self.form(&format!("/oidc/{id}/sign-in"), &[]).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.leads_to.unwrap()
    }

    /// Step 1 of a reset: the five minutes start.
    pub async fn sign_out_to_prove(&self, device: &str) -> Answer {
        self.form(&format!("/devices/{device}/reset"), &[("purpose", "reset")]).await
    }

    /// Step 2, by a page's own request.
    pub async fn reset(&self, device: &str) -> Answer {
        self.call("reset_passcode", &[("device", device)]).await
    }

    pub async fn try_reset(&self, device: &str) -> Option<Answer> {
        let submit = self.request(Method::POST, "/api/reset_passcode", DATA).form(&[("device", device)]);
        self.try_ask(submit).await
    }

    /// Step 2, by a plain form.
    pub async fn reset_by_form(&self, device: &str) -> Answer {
        self.form("/api/reset_passcode", &[("device", device)]).await
    }

    /// "Show temporary passcode" by a plain form; whatever it shows is a secret from now on.
    pub async fn reveal(&self, device: &str) -> Answer {
        let answer = self.form(&format!("/devices/{device}/passcode"), &[]).await;
        if let Some(passcode) = answer.passcode() {
            self.secrets.lock().unwrap().insert(passcode);
        }
        answer
    }

    /// The same by a page's own request.
    pub async fn reveal_by_call(&self, device: &str) -> Answer {
        let answer = self.call("reveal_passcode", &[("device", device)]).await;
        if answer.status == 200 {
            let shown: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
            self.secrets.lock().unwrap().insert(shown["passcode"].as_str().unwrap().to_owned());
        }
        answer
    }

    /// "Done".
    pub async fn forget(&self, device: &str) -> Answer {
        self.call("forget_passcode", &[("device", device)]).await
    }

    /// Another browser with the same cookies.
    pub fn copy(&self) -> Self {
        let mut copy = Self::new(self.url.clone(), Arc::clone(&self.secrets));
        copy.origin.clone_from(&self.origin);
        copy.cookies.lock().unwrap().extend(self.cookies.lock().unwrap().clone());
        copy
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// A cookie that the server did not set.
    pub fn plant(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// A request in which nothing but the cookies is a browser's own.
    pub async fn raw(&self, method: Method, path: &str, headers: Fields<'_>, body: &[u8]) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).body(body.to_vec());
        let cookies = self.cookie_header();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request).await
    }

    pub fn cookie_header(&self) -> String {
        let pairs: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn request(&self, method: Method, path: &str, accept: &str) -> RequestBuilder {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .header("accept", accept)
            .header("origin", self.origin.as_ref().unwrap_or(&self.url))
            .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36");
        if let Some(origin) = &self.origin {
            request = request.header("host", origin.trim_start_matches("http://"));
        }
        self.history.lock().unwrap().push(path.to_owned());
        let cookies = self.cookie_header();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        for (name, value) in &self.extra_headers {
            request = request.header(*name, value);
        }
        request
    }

    async fn ask(&self, request: RequestBuilder) -> Answer {
        self.try_ask(request).await.unwrap()
    }

    /// None: nobody answered, or not to the end.
    async fn try_ask(&self, request: RequestBuilder) -> Option<Answer> {
        let response = request.send().await.ok()?;
        for cookie in response.headers().get_all("set-cookie") {
            self.keep(cookie.to_str().unwrap());
        }
        let header =
            |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let leads_to = header("location");
        self.history.lock().unwrap().extend(leads_to.clone());
        let mut headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        headers.sort();
        Some(Answer {
            status: response.status().as_u16(),
            leads_to,
            challenge: header("www-authenticate"),
            cache: header("cache-control"),
            headers,
            body: response.text().await.ok()?,
        })
    }

    fn keep(&self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').unwrap();
        let mut cookies = self.cookies.lock().unwrap();
        if value.is_empty() || attributes.contains("Max-Age=0") {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
            if name.starts_with("latchkey_") {
                self.secrets.lock().unwrap().insert(value.to_owned());
            }
        }
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The temporary passcode this page shows.
    pub fn passcode(&self) -> Option<String> {
        let html = Html::parse_document(&self.body);
        let shown = Selector::parse(r#"output[aria-label="Temporary passcode"]"#).unwrap();
        let text: String = html.select(&shown).next()?.text().collect();
        Some(text.split_whitespace().collect())
    }

    /// The recovery codes this page shows.
    pub fn codes(&self) -> Vec<String> {
        let html = Html::parse_document(&self.body);
        let shown = Selector::parse(".recovery-codes code").unwrap();
        html.select(&shown).map(|code| code.text().collect()).collect()
    }

    /// What the page says, without its markup.
    pub fn text(&self) -> String {
        let html = Html::parse_document(&self.body);
        let page = Selector::parse("body").unwrap();
        let words: Vec<&str> = html.select(&page).flat_map(|body| body.text()).collect();
        words.join(" ")
    }
}

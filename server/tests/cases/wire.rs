//! Cases 39 to 42, 48, 49 and 53 to 59: what no page of ours would send, and what every answer carries.

use std::time::Duration;

use reqwest::Method;
use scraper::{Html, Selector};

use crate::support::{Answer, Browser, GALAXY, Program, Then, Wire, status, until};
use crate::{PROVEN, reset};

const FORM: &str = "application/x-www-form-urlencoded";

/// Ana with a grant, and everything that changes something at her asking.
async fn with_a_grant(program: &Program) -> (Browser, String, Vec<(String, String)>) {
    let ana = program.browser();
    let galaxy = ana.prove("ana", GALAXY).await;
    let device = format!("device={galaxy}");
    let functions =
        ["reset_passcode", "cancel_reset", "reveal_passcode", "forget_passcode", "mark_read", "end_session"];
    let mut changes: Vec<(String, String)> =
        functions.iter().map(|name| (format!("/api/{name}"), device.clone())).collect();
    changes.extend([
        ("/api/change_password".to_owned(), "current=ana-demo&new=a-new-one-long-enough".to_owned()),
        ("/sign-out".to_owned(), String::new()),
        ("/sign-in".to_owned(), "user_name=ben&password=ben-demo".to_owned()),
        (format!("/devices/{galaxy}/reset"), "purpose=reset".to_owned()),
        (format!("/devices/{galaxy}/passcode"), String::new()),
        ("/language".to_owned(), "lang=de".to_owned()),
    ]);
    (ana, galaxy, changes)
}

/// Every change is refused with 403, and the grant is as good as before.
async fn assert_cross_site(headers: &[(&str, &str)], types: &[&str]) {
    let program = Program::start().await;
    let (ana, galaxy, changes) = with_a_grant(&program).await;
    for (path, body) in &changes {
        for kind in types {
            let headers = [headers, &[("content-type", *kind)]].concat();
            let answer = ana.raw(Method::POST, path, &headers, body.as_bytes()).await;
            assert_eq!(answer.status, 403, "{path} {kind} {answer:?}");
        }
    }
    let answer =
        ana.raw(Method::POST, "/api/reset_passcode", headers, format!("device={galaxy}").as_bytes()).await;
    assert_eq!(ana.get(&format!("/devices/{galaxy}/reset")).await.status, 200);
    program.verify(&ana, &answer, Then { status: 403, commands: 0, audit: &PROVEN }).await;
}

#[tokio::test]
async fn case_39_a_post_from_another_site() {
    let types = [FORM, "text/plain", "multipart/form-data; boundary=x", "application/json"];
    assert_cross_site(&[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")], &types).await;
}

#[tokio::test]
async fn case_39_a_post_from_another_site_in_an_older_browser() {
    assert_cross_site(&[("origin", "https://evil.example")], &[FORM, "text/plain"]).await;
    assert_cross_site(&[("origin", "null")], &[FORM]).await;
}

#[tokio::test]
async fn case_40_a_change_with_neither_origin_nor_fetch_metadata() {
    assert_cross_site(&[], &[FORM]).await;
}

#[tokio::test]
async fn case_41_a_post_from_a_sibling_subdomain() {
    assert_cross_site(&[("origin", "http://sibling.127.0.0.1"), ("sec-fetch-site", "same-site")], &[FORM])
        .await;
}

#[tokio::test]
async fn case_41_a_tossed_cookie() {
    let program = Program::start().await;
    let (ana, thief) = (program.browser(), program.browser());
    let galaxy = ana.prove("ana", GALAXY).await;
    thief.sign_in("ben").await;
    let cookie = format!("{}; {}", thief.cookie_header(), ana.cookie_header());
    let mut tossed = program.browser();
    tossed.extra_headers = vec![("cookie", cookie)];
    // Neither of the two is believed.
    assert_eq!(tossed.get("/devices").await.leads_to.as_deref(), Some("/sign-in"));
    let answer = tossed.reset(&galaxy).await;
    let audit = [&PROVEN[..], &["signed_in"]].concat();
    program.verify(&ana, &answer, Then { status: 401, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_42_a_change_by_another_method() {
    let program = Program::start().await;
    let (ana, galaxy, changes) = with_a_grant(&program).await;
    let own = ana.url.clone();
    let as_post = [
        ("origin", own.as_str()),
        ("x-http-method-override", "POST"),
        ("x-method-override", "POST"),
        ("x-http-method", "POST"),
    ];
    for (path, body) in &changes {
        // These two are pages as well.
        let is_page = path == "/sign-in" || path.ends_with("/reset");
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::PATCH, Method::DELETE] {
            if is_page && [Method::GET, Method::HEAD].contains(&method) {
                continue;
            }
            let target = format!("{path}?_method=POST&{body}");
            let answer = ana.raw(method.clone(), &target, &as_post, b"").await;
            assert_eq!(answer.status, 405, "{method} {target} {answer:?}");
        }
    }
    let page = format!("/devices/{galaxy}/reset?_method=POST&purpose=reset");
    assert_eq!(ana.raw(Method::GET, &page, &as_post, b"").await.status, 200);
    let answer = ana.raw(Method::GET, &format!("/api/reset_passcode?device={galaxy}"), &as_post, b"").await;
    program.verify(&ana, &answer, Then { status: 405, commands: 0, audit: &PROVEN }).await;
}

#[tokio::test]
async fn case_48_an_address_that_leads_elsewhere() {
    let program = Program::start().await;
    let ana = program.browser();
    let elsewhere =
        ["//evil.example", "/\\evil.example", "/%5cevil.example", "https:evil.example", "/%0d%0aX-Evil:%201"];
    for next in elsewhere {
        for name in ["next", "return_to", "redirect", "url"] {
            let credentials = [("user_name", "ana"), ("password", "ana-demo"), (name, next)];
            let answer = ana.form(&format!("/sign-in?{name}={next}"), &credentials).await;
            assert_eq!(answer.leads_to.as_deref(), Some("/devices"), "{name}={next}");
            assert!(answer.header("x-evil").is_none());
        }
    }
    // Forms without JavaScript go back to the page they stand on, when it is one of ours.
    let own = ana.url.clone();
    for page in ["//evil.example/", "/\\evil.example/", ".evil.example/", ":80@evil.example/"] {
        let referer = format!("{own}{page}");
        let headers = [("origin", own.as_str()), ("referer", &referer), ("content-type", FORM)];
        let answer = ana.raw(Method::POST, "/language", &headers, b"lang=en").await;
        assert_eq!(answer.leads_to.as_deref(), Some("/"), "{page}");
    }
    for path in ["//evil.example/", "//evil.example/..", "/\\evil.example", "/%2f%2fevil.example"] {
        let answer = Wire::ask(&program, &format!("GET {path} HTTP/1.1\r\nHost: HOST"));
        assert!(!answer.to_lowercase().contains("\r\nlocation:"), "{path} {answer}");
    }
    let answer = ana.get("/devices").await;
    program.verify(&ana, &answer, Then { status: 200, commands: 0, audit: &["signed_in"; 20] }).await;
}

#[tokio::test]
async fn case_49_a_forged_host() {
    let program = Program::start().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    for path in ["/sign-in", "/devices", "/pkg/latchkey.js", "/no-such-page", "/live"] {
        for head in [
            "Host: evil.example",
            "Host: HOST.evil.example",
            "Host: HOST\r\nHost: evil.example",
            "Host: HOST\r\nX-Forwarded-Host: evil.example",
            "Host: ",
        ] {
            let answer = Wire::ask(&program, &format!("GET {path} HTTP/1.1\r\n{head}"));
            assert!([421, 400].contains(&status(&answer)), "{path} {head} {answer}");
            assert!(!answer.contains("evil.example"), "{answer}");
        }
        let answer = Wire::ask(&program, &format!("GET http://evil.example{path} HTTP/1.1\r\nHost: HOST"));
        assert_eq!(status(&answer), 421, "{answer}");
    }
    let answer = ana.raw(Method::GET, "/devices", &[("x-forwarded-host", "evil.example")], b"").await;
    program.verify(&ana, &answer, Then { status: 421, commands: 0, audit: &["signed_in"] }).await;
}

#[tokio::test]
async fn case_53_a_body_that_is_too_large_or_of_another_kind() {
    let program = Program::start().await;
    let ana = program.browser();
    let galaxy = ana.prove("ana", GALAXY).await;
    let own = ana.url.clone();
    let post = async |path: &str, kind: &str, body: &[u8]| {
        let headers = [("origin", own.as_str()), ("content-type", kind)];
        ana.raw(Method::POST, path, &headers, body).await.status
    };
    let large = format!("device={galaxy}&x={}", "x".repeat(64 * 1024));
    let paths = ["/api/reset_passcode", "/sign-in", "/language", "/api/change_password"];
    for path in paths {
        assert_eq!(post(path, FORM, large.as_bytes()).await, 413, "{path}");
        for kind in ["text/plain", "application/json", "multipart/form-data; boundary=x", "a/b; charset=c"] {
            assert_eq!(post(path, kind, format!("device={galaxy}").as_bytes()).await, 415, "{path} {kind}");
        }
    }
    let malformed: [(&str, Vec<u8>); 7] = [
        ("/api/reset_passcode", b"device=%ff%fe".to_vec()),
        ("/api/reset_passcode", b"device=\xff\xfe".to_vec()),
        ("/api/reset_passcode", b"{\"device\":1}".to_vec()),
        ("/api/reset_passcode", Vec::new()),
        ("/api/reset_passcode", format!("device={galaxy}&device={galaxy}").into_bytes()),
        ("/sign-in", b"user_name=ana&user_name=ben&password=ana-demo".to_vec()),
        ("/sign-in", b"user_name=ana".to_vec()),
    ];
    for (path, body) in &malformed {
        let shown = String::from_utf8_lossy(body);
        assert_eq!(post(path, FORM, body).await, 400, "{path} {shown}");
    }
    let headers = [("origin", own.as_str()), ("content-type", FORM)];
    let answer = ana.raw(Method::POST, "/api/reset_passcode", &headers, b"device=%00").await;
    program.verify(&ana, &answer, Then { status: 400, commands: 0, audit: &PROVEN }).await;
}

#[tokio::test]
async fn case_53_a_head_that_is_too_large() {
    let program = Program::start().await;
    let ana = program.browser();
    let long = "x".repeat(64 * 1024);
    for head in [
        format!("GET /sign-in HTTP/1.1\r\nHost: HOST\r\nX-Long: {long}"),
        format!("GET /sign-in HTTP/1.1\r\nHost: HOST\r\nCookie: latchkey_session={long}"),
    ] {
        let answer = Wire::ask(&program, &head);
        assert_eq!(status(&answer), 431, "{answer}");
    }
    let answer = Wire::ask(&program, &format!("GET /{long} HTTP/1.1\r\nHost: HOST"));
    assert!([414, 431].contains(&status(&answer)), "{answer}");
    let answer = ana.get("/sign-in").await;
    program.verify(&ana, &answer, Then { status: 200, commands: 0, audit: &[] }).await;
}

const IMPATIENT: [(&str, &str); 3] =
    [("limits.header_seconds", "1"), ("limits.body_seconds", "1"), ("limits.write_seconds", "1")];

#[tokio::test(flavor = "multi_thread")]
async fn case_54_a_head_or_a_body_that_never_ends() {
    let program = Program::start_with(IMPATIENT.to_vec()).await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let deadline = Duration::from_secs(8);
    // Nothing at all; a head that stops; a second one on a connection that was used before.
    let mut silent = Wire::to(&program);
    let mut half = Wire::to(&program);
    half.say("GET /sign-in HTTP/1.1\r\nHost: HOST\r\nX-Slow: ");
    let mut used = Wire::to(&program);
    used.say("GET /health HTTP/1.1\r\nHost: HOST\r\n\r\nGET /sign-in HTTP/1.1\r\nHo");
    let mut body = Wire::to(&program);
    body.say(&format!(
        "POST /sign-in HTTP/1.1\r\nHost: HOST\r\nOrigin: http://HOST\r\nContent-Type: {FORM}\r\nContent-Length: 1000\r\n\r\nuser_name="
    ));
    tokio::task::block_in_place(|| {
        silent.rest(deadline);
        half.rest(deadline);
        assert_eq!(status(&used.rest(deadline)), 404);
        assert_eq!(status(&body.rest(deadline)), 408);
    });
    let answer = ana.get("/devices").await;
    program.verify(&ana, &answer, Then { status: 200, commands: 0, audit: &["signed_in"] }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_54_a_reader_that_takes_nothing() {
    let program = Program::start_with(IMPATIENT.to_vec()).await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let cookie = ana.cookie_header();
    // Asks for far more than any buffer holds, and reads none of it.
    let mut greedy = Wire::to(&program);
    let ask = format!("GET /devices HTTP/1.1\r\nHost: HOST\r\nCookie: {cookie}\r\n\r\n");
    let answered = || std::fs::read_to_string(program.log()).unwrap().matches("answered").count();
    let before = answered();
    greedy.say(&ask.repeat(600));
    // It goes on with the connection until nothing can be written any more, and then lets go of it.
    let mut last = 0;
    until("the connection was given up", Duration::from_mins(1), async || {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let now = answered() - before;
        let stopped = now == last && now > 0;
        last = now;
        stopped.then_some(())
    })
    .await;
    assert!(last < 600, "every page was drawn for somebody who reads none");
    assert_eq!(status(&greedy.rest(Duration::from_secs(10))), 200);
    let answer = ana.get("/devices").await;
    program.verify(&ana, &answer, Then { status: 200, commands: 0, audit: &["signed_in"] }).await;
}

#[tokio::test]
async fn case_55_two_lengths_of_one_body() {
    let program = Program::start().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let cookie = ana.cookie_header();
    let head =
        format!("POST /sign-out HTTP/1.1\r\nHost: HOST\r\nOrigin: http://HOST\r\nCookie: {cookie}\r\n");
    let smuggled = format!(
        "POST /sign-out HTTP/1.1\r\nHost: HOST\r\nOrigin: http://HOST\r\nCookie: {cookie}\r\nContent-Length: 0\r\n\r\n"
    );
    for lengths in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        "Content-Length: 0\r\nContent-Length: 44\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Content-Length: +5\r\n\r\n",
    ] {
        let get = head.replacen("POST /sign-out", "GET /devices", 1);
        let mut wire = Wire::to(&program);
        wire.say(&format!("{get}{lengths}{smuggled}"));
        let answer = wire.rest(Duration::from_secs(10));
        // Closed at the latest after the first answer: what follows is never a request.
        assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{lengths:?} {answer}");
        assert_eq!(ana.get("/devices").await.status, 200, "{lengths:?}");
    }
    let mut newer = Wire::to(&program);
    newer.say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0");
    let answer = newer.rest(Duration::from_secs(10));
    assert!([0, 400, 505].contains(&status(&answer)), "{answer}");
    let upgrade = "GET /sign-in HTTP/1.1\r\nHost: HOST\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings, close\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n";
    assert_eq!(status(&Wire::to(&program).say(upgrade).rest(Duration::from_secs(10))), 200);
    let answer = ana.get("/devices").await;
    program.verify(&ana, &answer, Then { status: 200, commands: 0, audit: &["signed_in"] }).await;
}

#[tokio::test]
async fn case_56_files_outside_the_site() {
    let program = Program::start().await;
    let ana = program.browser();
    for path in [
        "/pkg/../Cargo.toml",
        "/pkg/../../latchkey",
        "/pkg/%2e%2e/%2e%2e/latchkey",
        "/pkg/..%2f..%2flatchkey",
        "/pkg/..%5c..%5clatchkey",
        "/pkg//etc/passwd",
        "/pkg/%2fetc%2fpasswd",
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/pkg/latchkey.js%00.css",
        "/pkg/debug/../../Cargo.toml",
        "/pkg/debug/%2e%2e/%2e%2e/%2e%2e/Cargo.toml",
        "/pkg/debug/..%2f..%2f..%2fCargo.toml",
        "/pkg/debug/%2fetc%2fpasswd",
        "/pkg/debug/.hidden",
        "/%00",
        "/.git/config",
        "/.env",
        "/pkg/.hidden",
        "/pkg/",
        "/pkg",
        "/hash.txt",
        "/../hash.txt",
    ] {
        let answer = Wire::ask(&program, &format!("GET {path} HTTP/1.1\r\nHost: HOST"));
        assert!([404, 400].contains(&status(&answer)), "{path} {answer}");
        assert!(!answer.contains("root:") && !answer.contains("[package]"), "{path}");
    }
    let answer = ana.get("/pkg/%2e%2e/latchkey").await;
    program.verify(&ana, &answer, Then { status: 404, commands: 0, audit: &[] }).await;
}

#[tokio::test]
async fn case_57_no_answer_may_be_framed() {
    let program = Program::start().await;
    let ana = program.browser();
    let galaxy = ana.prove("ana", GALAXY).await;
    for path in pages(&galaxy) {
        let answer = ana.get(&path).await;
        assert!(policy(&answer).contains("frame-ancestors 'none'"), "{path} {answer:?}");
    }
    let answer = ana.call("shell", &[]).await;
    assert!(policy(&answer).contains("frame-ancestors 'none'"), "{answer:?}");
    program.verify(&ana, &answer, Then { status: 200, commands: 0, audit: &PROVEN }).await;
}

fn pages(device: &str) -> Vec<String> {
    let mut pages: Vec<String> =
        ["/", "/sign-in", "/devices", "/notifications", "/contact", "/account", "/phones", "/no-such-page"]
            .map(str::to_owned)
            .into();
    pages.extend([
        format!("/devices/{device}"),
        format!("/devices/{device}/reset"),
        format!("/phones/{device}"),
    ]);
    pages
}

fn policy(answer: &Answer) -> &str {
    answer.header("content-security-policy").unwrap_or_default()
}

#[tokio::test]
async fn case_58_every_page_protects_itself() {
    let program = Program::start().await;
    let ana = program.browser();
    let galaxy = ana.prove("ana", GALAXY).await;
    let mut nonces = Vec::new();
    for path in pages(&galaxy) {
        let answer = ana.get(&path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path} {name}");
        }
        if answer.status != 303 {
            nonces.push(assert_only_its_own_script(&path, &answer));
        }
    }
    let count = nonces.len();
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), count, "a nonce was used twice");

    // Under TLS, which a proxy ends.
    let public = Program::start_with(vec![("server.public_url", "https://portal.example.com")]).await;
    let head = Wire::ask(&public, "GET /sign-in HTTP/1.1\r\nHost: portal.example.com").to_lowercase();
    assert_eq!(status(&head), 200, "{head}");
    assert!(head.contains("\r\nstrict-transport-security: max-age="), "{head}");
    let answer = ana.get("/devices").await;
    assert_eq!(answer.header("strict-transport-security"), None);
    program.verify(&ana, &answer, Then { status: 200, commands: 0, audit: &PROVEN }).await;
}

/// Nothing runs or is styled but by our own files and the scripts that carry this answer's nonce. Returns the nonce.
fn assert_only_its_own_script(path: &str, answer: &Answer) -> String {
    let policy = policy(answer);
    for part in [
        "default-src 'none'",
        "form-action 'self'",
        "base-uri 'none'",
        "style-src 'self'",
        "connect-src 'self'",
    ] {
        assert!(policy.contains(part), "{path} {part} {policy}");
    }
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'") && !policy.contains('*'));
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
    assert!(nonce.len() >= 16, "{path} {policy}");
    let html = Html::parse_document(&answer.body);
    for script in html.select(&Selector::parse("script").unwrap()) {
        // leptos_i18n leaves one that is empty.
        let is_empty = script.value().attr("src").is_none() && script.text().collect::<String>().is_empty();
        assert!(is_empty || script.value().attr("nonce") == Some(nonce), "{path} {}", script.html());
    }
    for element in html.select(&Selector::parse("*").unwrap()) {
        for (name, value) in element.value().attrs() {
            assert!(!name.starts_with("on") && name != "style", "{path} {name}={value}");
        }
    }
    nonce.to_owned()
}

#[tokio::test]
async fn case_59_script_in_a_name() {
    let program = Program::start().await;
    program
        .change(
            "fleet.db",
            "UPDATE phones SET name = '</title></script><script>alert(1)</script>\"''><img src=x onerror=alert(1)>'
             WHERE name = 'Ana''s Galaxy'",
        )
        .await;
    let name = "</title></script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let mut ana = program.browser();
    let galaxy = reset(&program, &ana, name).await;
    let shown = ana.reveal(&galaxy).await;
    let mut surfaces = vec![("the passcode".to_owned(), shown)];
    for path in pages(&galaxy) {
        surfaces.push((path.clone(), ana.get(&path).await));
    }
    // As a form without JavaScript is refused: its page is drawn again around the words.
    ana.extra_headers = vec![("referer", format!("{}/devices/{galaxy}", ana.url))];
    let refused = ana.form("/api/cancel_reset", &[("device", &galaxy)]).await;
    ana.extra_headers.clear();
    surfaces.push(("a refusal".to_owned(), refused));
    let mut told = 0;
    for (surface, answer) in &surfaces {
        if answer.status == 303 {
            continue;
        }
        assert!(!answer.body.contains("<script>alert"), "{surface}");
        let html = Html::parse_document(&answer.body);
        assert!(html.select(&Selector::parse("img[onerror]").unwrap()).next().is_none(), "{surface}");
        assert_only_its_own_script(surface, answer);
        told += usize::from(answer.text().contains(name));
    }
    assert!(told >= 5, "the name was shown on {told} surfaces only");
    let answer = ana.get("/devices").await;
    let audit = [&PROVEN[..], &["reset_submitted", "reset_done", "passcode_revealed"]].concat();
    program.verify(&ana, &answer, Then { status: 200, commands: 1, audit: &audit }).await;
}

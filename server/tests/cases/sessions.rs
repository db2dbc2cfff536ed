//! Cases 36 to 38 and 44 to 47: cookies, sessions and live streams.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;

use crate::support::{GALAXY, Program, Stream, Then, Wire, status};
use crate::{PROVEN, reset};

const SESSION: &str = "latchkey_session";
const KNOWN: &str = "latchkey_browser";
const FORM: &str = "application/x-www-form-urlencoded";
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn case_36_a_copied_cookie_after_sign_out() {
    let program = Program::start().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let galaxy = ana.device(GALAXY).await;
    let thief = ana.copy();
    let stream = Stream::open(&thief);

    ana.form("/sign-out", &[]).await;
    assert_eq!(stream.closed_with(SECOND), 4401);
    assert_eq!(thief.get("/devices").await.leads_to.as_deref(), Some("/sign-in"));
    assert_eq!(Stream::open_telling_close(&thief), 4401);
    let answer = thief.reset(&galaxy).await;
    let audit = ["signed_in", "signed_out"];
    program.verify(&thief, &answer, Then { status: 401, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_37_a_cookie_fixed_before_sign_in() {
    let program = Program::start().await;
    let ana = program.browser();
    let fixed = "a-value-the-attacker-knows-already-xxxxxxxxx";
    for name in [SESSION, KNOWN, "latchkey_window"] {
        ana.plant(name, fixed);
    }
    let thief = ana.copy();
    ana.sign_in("ana").await;
    let first = [SESSION, KNOWN].map(|name| ana.cookie(name).unwrap());
    assert!(first.iter().all(|value| value != fixed));
    assert_eq!(thief.get("/devices").await.leads_to.as_deref(), Some("/sign-in"));

    // And again at every sign-in after it.
    let copy = ana.copy();
    ana.sign_in("ana").await;
    let second = [SESSION, KNOWN].map(|name| ana.cookie(name).unwrap());
    assert!(first.iter().zip(&second).all(|(before, after)| before != after));
    let answer = copy.get("/devices").await;
    assert_eq!(answer.leads_to.as_deref(), Some("/sign-in"));
    assert_eq!(ana.get("/devices").await.status, 200);
    program
        .verify(&ana, &answer, Then { status: 303, commands: 0, audit: &["signed_in", "signed_in"] })
        .await;
}

#[tokio::test]
async fn case_38_what_the_database_keeps_of_a_session_as_a_cookie() {
    let program = Program::start().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let galaxy = ana.device(GALAXY).await;
    let [hash] = program.session_hashes().await.try_into().unwrap();
    let hex = hash.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let base64 = URL_SAFE_NO_PAD.encode(&hash);
    let id = program.newest_session().await;

    let mut answers = Vec::new();
    for value in [&hex, &base64, &id] {
        let thief = program.browser();
        thief.plant(SESSION, value);
        assert_eq!(thief.get("/devices").await.leads_to.as_deref(), Some("/sign-in"));
        answers.push(thief.reset(&galaxy).await);
    }
    assert!(answers.iter().all(|answer| answer.status == 401));
    program.verify(&ana, &answers[0], Then { status: 401, commands: 0, audit: &["signed_in"] }).await;
}

#[tokio::test]
async fn case_44_sign_out_through_a_cross_site_get() {
    let program = Program::start().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let stream = Stream::open(&ana);
    let foreign = [("referer", "https://evil.example/"), ("sec-fetch-site", "cross-site")];
    let answer = ana.raw(Method::GET, "/sign-out", &foreign, b"").await;
    assert_eq!(ana.raw(Method::HEAD, "/sign-out", &foreign, b"").await.status, 405);
    assert_eq!(ana.get("/devices").await.status, 200);
    drop(stream);
    program.verify(&ana, &answer, Then { status: 405, commands: 0, audit: &["signed_in"] }).await;
}

#[tokio::test]
async fn case_45_a_stream_asked_for_by_another_site() {
    let program = Program::start().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let own = ana.url.clone();
    for origin in ["https://evil.example", "null", "", &format!("{own}.evil.example"), &format!("{own}0")] {
        assert_eq!(Stream::open_telling(&ana, origin, "0").err(), Some(403), "{origin}");
    }
    assert!(Stream::open_telling(&ana, &own, "0").is_ok());
    let answer = ana.get("/devices").await;
    program.verify(&ana, &answer, Then { status: 200, commands: 0, audit: &["signed_in"] }).await;
}

#[tokio::test]
async fn case_46_anothers_notifications_by_any_cursor() {
    let program = Program::start().await;
    let (ana, ben) = (program.browser(), program.browser());
    ben.sign_in("ben").await;
    let pixel = ben.device("Ben's Pixel").await;
    ben.prove_again("ben", &pixel).await;
    let open = |after: &str| Stream::open_telling(&ben, &ben.url, after).unwrap();
    let (mut before, _) = open("0");
    let galaxy = reset(&program, &ana, GALAXY).await;
    for after in ["0", "-1", "-9223372036854775808", "1", "9223372036854775807"] {
        let (_, told) = open(after);
        assert!(told.contains("\"unread\":0") && told.contains("\"fresh\":[]"), "{told}");
    }
    for after in ["abc", "9223372036854775808", "1%20or%201=1"] {
        assert_eq!(Stream::open_telling(&ben, &ben.url, after).err(), Some(400), "{after}");
    }
    // What Ben is told first after all of that is his own.
    assert_eq!(ben.reset(&pixel).await.status, 200);
    let told = before.told();
    assert!(!told.contains("Galaxy") && !told.contains(&galaxy), "{told}");
    program.settled().await;
    let answer = ben.get("/notifications").await;
    assert!(!answer.body.contains("Galaxy") && !answer.body.contains(&galaxy));
    assert!(answer.body.contains(&pixel));
    ana.reveal(&galaxy).await;
    let audit = [
        &PROVEN[..],
        &PROVEN[..],
        &["reset_submitted", "reset_done"],
        &["reset_submitted", "reset_done", "passcode_revealed"],
    ]
    .concat();
    program.verify(&ben, &answer, Then { status: 200, commands: 2, audit: &audit }).await;
}

#[tokio::test]
async fn case_47_a_thousand_streams_of_one_person() {
    let program = Program::start().await;
    let (ana, ben) = (program.browser(), program.browser());
    ana.sign_in("ana").await;
    ben.sign_in("ben").await;
    let mut open = Vec::new();
    let mut refused = 0;
    for _ in 0..1_000 {
        match Stream::open_telling(&ana, &ana.url, "0") {
            Ok(stream) => open.push(stream),
            Err(429) => refused += 1,
            Err(status) => panic!("{status}"),
        }
    }
    assert_eq!((open.len(), refused), (32, 968));
    assert!(program.metrics().await.contains("latchkey_live_streams 32"));
    assert!(Stream::open_telling(&ben, &ben.url, "0").is_ok());
    assert_eq!(ana.get("/devices").await.status, 200);

    // A closed one makes room for another.
    drop(open);
    crate::support::until("there is room again", Duration::from_secs(5), async || {
        Stream::open_telling(&ana, &ana.url, "0").ok().map(drop)
    })
    .await;
    let answer = ben.get("/devices").await;
    program
        .verify(&ana, &answer, Then { status: 200, commands: 0, audit: &["signed_in", "signed_in"] })
        .await;
}

/// With the end of its body held back, a request was recognised while the session still lived.
#[tokio::test(flavor = "multi_thread")]
async fn case_36_a_form_held_back_until_after_sign_out() {
    let program = Program::start().await;
    let ana = program.browser();
    let galaxy = ana.prove("ana", GALAXY).await;
    let body =
        |fields: &str| format!("Content-Type: {FORM}\r\nContent-Length: {}\r\n\r\n{fields}", fields.len());
    let posts = [
        ("/account/recovery-codes", "current=ana-demo".to_owned()),
        ("/api/change_password", "current=ana-demo&new=a+new+one%2C+long+enough".to_owned()),
        ("/api/reset_passcode", format!("device={galaxy}")),
        ("/account/passkeys/begin", "current=ana-demo".to_owned()),
    ];
    let mut held: Vec<(Wire, &str, String)> = posts
        .iter()
        .map(|(path, fields)| {
            let mut wire = Wire::to(&program);
            let request = format!(
                "POST {path} HTTP/1.1\r\nHost: HOST\r\nOrigin: http://HOST\r\nConnection: close\r\nCookie: {}\r\n{}",
                ana.cookie_header(),
                body(fields)
            );
            let (most, last) = request.split_at(request.len() - 1);
            wire.say(most);
            (wire, *path, last.to_owned())
        })
        .collect();
    // Every head has arrived once a later request of the same kind was answered.
    let thief = ana.copy();
    assert_eq!(ana.get("/devices").await.status, 200);
    ana.form("/sign-out", &[]).await;
    for (wire, path, last) in &mut held {
        let answer = tokio::task::block_in_place(|| wire.say(last).rest(Duration::from_secs(10)));
        assert_eq!(status(&answer), 401, "{path}: {answer}");
    }
    let answer =
        thief.call("change_password", &[("current", "ana-demo"), ("new", "a new one, long enough")]).await;
    let audit = [&PROVEN[..], &["signed_out"]].concat();
    program.verify(&ana, &answer, Then { status: 401, commands: 0, audit: &audit }).await;
}

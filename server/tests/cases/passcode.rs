//! Cases 29 to 35: the temporary passcode.

use std::time::Duration;

use reqwest::Method;

use crate::support::{Answer, Browser, GALAXY, IPHONE, Program, Stream, Then, until};
use crate::{PROVEN, assert_needs_fresh_sign_in, reset};

#[tokio::test]
async fn case_29_reveal_twice_after_done() {
    let program = Program::start().await;
    let ana = program.browser();
    let galaxy = reset(&program, &ana, GALAXY).await;
    let shown = ana.reveal(&galaxy).await;
    assert_eq!((shown.status, shown.cache.as_deref()), (200, Some("no-store")));
    assert!(shown.passcode().is_some());
    let [sealed] = program.ciphertexts().await.try_into().unwrap();
    assert!(!places_of(&program, &sealed).is_empty());
    ana.forget(&galaxy).await;
    assert_eq!(places_of(&program, &sealed), <[String; 0]>::default());

    assert_eq!(ana.reveal(&galaxy).await.status, 410);
    assert_eq!(ana.reveal_by_call(&galaxy).await.status, 410);
    let answer = ana.reveal(&galaxy).await;
    assert_eq!(program.sealed_passcodes().await, 0);
    let audit =
        [&PROVEN[..], &["reset_submitted", "reset_done", "passcode_revealed", "passcode_erased"]].concat();
    program.verify(&ana, &answer, Then { status: 410, commands: 1, audit: &audit }).await;
}

#[tokio::test]
async fn case_30_reveal_and_done_in_parallel() {
    let program = Program::start().await;
    let ana = program.browser();
    let galaxy = reset(&program, &ana, GALAXY).await;
    learn_passcode(&program, &galaxy).await;

    let done = async {
        tokio::task::yield_now().await;
        ana.forget(&galaxy).await
    };
    let (first, second, third, done, fourth, fifth) = tokio::join!(
        ana.reveal(&galaxy),
        ana.reveal_by_call(&galaxy),
        ana.reveal(&galaxy),
        done,
        ana.reveal_by_call(&galaxy),
        ana.reveal(&galaxy),
    );
    assert_eq!(done.status, 200);
    let answers = [first, second, third, fourth, fifth].map(|answer| answer.status);
    let shown = answers.iter().filter(|status| **status == 200).count();
    assert!(answers.iter().all(|status| [200, 410].contains(status)), "{answers:?}");

    let answer = ana.reveal(&galaxy).await;
    assert_eq!(program.sealed_passcodes().await, 0);
    let audit = [
        &PROVEN[..],
        &["reset_submitted", "reset_done"],
        &vec!["passcode_revealed"; shown],
        &["passcode_erased"],
    ]
    .concat();
    program.verify(&ana, &answer, Then { status: 410, commands: 1, audit: &audit }).await;
}

#[tokio::test]
async fn case_31_reveal_with_an_old_or_another_session() {
    let mut program = Program::start_with_clock().await;
    let (ana, elsewhere) = (program.browser(), program.browser());
    elsewhere.sign_in("ana").await;
    let galaxy = reset(&program, &ana, GALAXY).await;
    // Young as it is, it has proven nothing since the reset.
    assert_needs_fresh_sign_in(&elsewhere.reveal_by_call(&galaxy).await);
    program.jump(301).await;

    assert_needs_fresh_sign_in(&ana.reveal_by_call(&galaxy).await);
    assert_eq!(elsewhere.reveal(&galaxy).await.leads_to.as_deref(), Some("/sign-in?refused=fresh"));

    // With a window of its own kind it is shown, and again later to the session that showed it.
    ana.form(&format!("/devices/{galaxy}/reset"), &[("purpose", "reveal")]).await;
    assert_eq!(ana.sign_in("ana").await.leads_to, Some(format!("/devices/{galaxy}?proven")));
    let shown = ana.reveal(&galaxy).await.passcode();
    assert!(shown.is_some());
    program.jump(301).await;
    assert_eq!(ana.reveal(&galaxy).await.passcode(), shown);

    let answer = elsewhere.reveal_by_call(&galaxy).await;
    assert_needs_fresh_sign_in(&answer);
    let audit = [
        &["signed_in"],
        &PROVEN[..],
        &["reset_submitted", "reset_done", "signed_out", "window_opened", "signed_in", "window_proven"],
        &["passcode_revealed", "passcode_revealed"],
    ]
    .concat();
    program.verify(&ana, &answer, Then { status: 401, commands: 1, audit: &audit }).await;
}

#[tokio::test]
async fn case_32_reveal_after_expiry() {
    let mut program = Program::start_with_clock().await;
    let ana = program.browser();
    let galaxy = reset(&program, &ana, GALAXY).await;
    assert!(ana.reveal(&galaxy).await.passcode().is_some());
    let [sealed] = program.ciphertexts().await.try_into().unwrap();
    program.jump(10 * 60 + 1).await;

    let answer = ana.reveal(&galaxy).await;
    until("the passcode is erased, from the files too", Duration::from_secs(5), async || {
        (program.sealed_passcodes().await == 0 && places_of(&program, &sealed).is_empty()).then_some(())
    })
    .await;
    let audit = [&PROVEN[..], &["reset_submitted", "reset_done", "passcode_revealed"]].concat();
    program.verify(&ana, &answer, Then { status: 410, commands: 1, audit: &audit }).await;
}

#[tokio::test]
async fn case_32_reveal_of_one_never_shown_after_expiry() {
    let mut program = Program::start_with_clock().await;
    let ana = program.browser();
    let galaxy = reset(&program, &ana, GALAXY).await;
    learn_passcode(&program, &galaxy).await;
    let [sealed] = program.ciphertexts().await.try_into().unwrap();
    program.jump(24 * 60 * 60 + 1).await;
    ana.sign_in("ana").await;

    let answer = ana.reveal(&galaxy).await;
    until("the passcode is erased, from the files too", Duration::from_secs(5), async || {
        (program.sealed_passcodes().await == 0 && places_of(&program, &sealed).is_empty()).then_some(())
    })
    .await;
    let audit = [&PROVEN[..], &["reset_submitted", "reset_done", "signed_in"]].concat();
    program.verify(&ana, &answer, Then { status: 410, commands: 1, audit: &audit }).await;
}

/// Makes a passcode known to the search for secrets, though the program under test never showed it.
async fn learn_passcode(program: &Program, device: &str) {
    let twin = program.twin().await;
    let ana = twin.browser();
    ana.sign_in("ana").await;
    assert!(ana.reveal(device).await.passcode().is_some());
}

/// What was erased is gone from the files as well: the key to it lies beside them.
fn places_of(program: &Program, sealed: &[u8]) -> Vec<String> {
    // In a dump of PostgreSQL as digits.
    let digits = sealed.iter().fold(String::new(), |all, byte| format!("{all}{byte:02x}")).into_bytes();
    let has = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
    let holds = |bytes: &[u8]| has(bytes, sealed) || has(bytes, &digits);
    program.files().into_iter().filter(|(_, bytes)| holds(bytes)).map(|(place, _)| place).collect()
}

#[tokio::test]
async fn case_33_get_of_a_reveal() {
    let program = Program::start().await;
    let mut ana = program.browser();
    let galaxy = reset(&program, &ana, GALAXY).await;
    ana.extra_headers = vec![("sec-purpose", "prefetch".to_owned())];
    for method in [Method::GET, Method::HEAD] {
        for path in [format!("/devices/{galaxy}/passcode"), format!("/api/reveal_passcode?device={galaxy}")] {
            assert_eq!(ana.send(method.clone(), &path).await.status, 405, "{method} {path}");
        }
    }
    let answer = ana.get(&format!("/devices/{galaxy}/passcode")).await;
    ana.extra_headers.clear();
    assert!(ana.reveal(&galaxy).await.passcode().is_some());
    let audit = [&PROVEN[..], &["reset_submitted", "reset_done", "passcode_revealed"]].concat();
    program.verify(&ana, &answer, Then { status: 405, commands: 1, audit: &audit }).await;
}

#[tokio::test]
async fn case_33_an_iphone_has_none_to_reveal() {
    let program = Program::start().await;
    let ana = program.browser();
    let iphone = reset(&program, &ana, IPHONE).await;
    let answer = ana.reveal_by_call(&iphone).await;
    let audit = [&PROVEN[..], &["reset_submitted", "reset_done"]].concat();
    program.verify(&ana, &answer, Then { status: 404, commands: 1, audit: &audit }).await;
}

#[tokio::test]
async fn case_34_a_passcode_is_on_the_page_that_shows_it_alone() {
    let program = Program::start().await;
    let ana = program.browser();
    let galaxy = reset(&program, &ana, GALAXY).await;
    learn_passcode(&program, &galaxy).await;
    let shown = ana.reveal(&galaxy).await;
    assert!(shown.passcode().is_some());
    assert!(ana.reveal_by_call(&galaxy).await.status == 200);
    let unlock = [("device", galaxy.as_str()), ("passcode", &shown.passcode().unwrap())];
    assert_eq!(ana.call("phones/unlock", &unlock).await.body, "\"Unlocked\"");
    // What pages ask for once they live, and what a stream tells.
    let (_, told) = Stream::open_telling(&ana, &ana.url, "0").unwrap();
    let mut answers = vec![told];
    for function in ["shell", "my_devices", "notifications", "sessions", "phones/list"] {
        answers.push(ana.call(function, &[]).await.body);
    }
    answers.push(ana.call("device", &[("device", &galaxy)]).await.body);
    for answer in &answers {
        for secret in program.secrets.lock().unwrap().iter() {
            assert!(!answer.contains(secret.as_str()), "{answer}");
        }
    }
    let exported = program.operate(&["audit", "export", "--format", "csv"], &[], "");
    let exported = String::from_utf8(exported.stdout).unwrap();
    assert!(exported.contains("passcode_revealed") && exported.contains("ana"), "{exported}");
    for secret in program.secrets.lock().unwrap().iter() {
        assert!(!exported.contains(secret.as_str()));
    }
    let audit =
        [&PROVEN[..], &["reset_submitted", "reset_done", "passcode_revealed", "passcode_revealed"]].concat();
    program
        .verify(&ana, &shown_elsewhere(&ana, &galaxy).await, Then { status: 200, commands: 1, audit: &audit })
        .await;
}

/// The device's page, without asking for the passcode.
async fn shown_elsewhere(ana: &Browser, device: &str) -> Answer {
    ana.get(&format!("/devices/{device}")).await
}

#[tokio::test]
async fn case_35_back_after_sign_out() {
    let program = Program::start().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let galaxy = ana.device(GALAXY).await;
    let pages = [
        "/devices".to_owned(),
        format!("/devices/{galaxy}"),
        format!("/devices/{galaxy}/reset"),
        "/notifications".to_owned(),
        "/account".to_owned(),
    ];
    for page in &pages {
        // A browser may keep none of them for Back.
        assert_eq!(ana.get(page).await.cache.as_deref(), Some("no-store"), "{page}");
    }
    ana.form("/sign-out", &[]).await;
    let mut answers = Vec::new();
    for page in &pages {
        let answer = ana.get(page).await;
        assert_eq!(answer.leads_to.as_deref(), Some("/sign-in"), "{page}");
        assert!(answer.body.is_empty(), "{page}");
        answers.push(answer);
    }
    let audit = ["signed_in", "signed_out"];
    program.verify(&ana, &answers[0], Then { status: 303, commands: 0, audit: &audit }).await;
}

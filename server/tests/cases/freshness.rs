//! Cases 1 to 23: what opens, proves and ends the five minutes.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::task::JoinSet;

use crate::support::{Browser, GALAXY, LUMIA_635, LUMIA_950, Program, Stream, Then, until};
use crate::{PROVEN, WINDOW, assert_needs_fresh_sign_in};

#[tokio::test]
async fn case_01_reset_without_a_window() {
    let program = Program::start().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let galaxy = ana.device(GALAXY).await;

    let by_form = ana.reset_by_form(&galaxy).await;
    assert_eq!(by_form.status, 303);
    assert_eq!(by_form.leads_to.as_deref(), Some("/sign-in?refused=fresh"));

    let answer = ana.reset(&galaxy).await;
    assert_needs_fresh_sign_in(&answer);
    let audit = ["signed_in", "reset_refused", "reset_refused"];
    program.verify(&ana, &answer, Then { status: 401, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_01_reset_by_nobody() {
    let program = Program::start().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let galaxy = ana.device(GALAXY).await;
    let nobody = program.browser();

    let by_form = nobody.reset_by_form(&galaxy).await;
    assert_eq!(by_form.leads_to.as_deref(), Some("/sign-in?refused=signed-out"));

    let answer = nobody.reset(&galaxy).await;
    program.verify(&ana, &answer, Then { status: 401, commands: 0, audit: &["signed_in"] }).await;
}

#[tokio::test]
async fn case_01_looking_at_the_reset_page_opens_no_window() {
    let program = Program::start().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let galaxy = ana.device(GALAXY).await;
    assert_eq!(ana.get(&format!("/devices/{galaxy}/reset")).await.status, 200);
    ana.form("/sign-out", &[]).await;
    assert_eq!(ana.remaining_millis().await, None);
    assert_eq!(ana.sign_in("ana").await.leads_to.as_deref(), Some("/devices"));

    let answer = ana.reset(&galaxy).await;
    assert_needs_fresh_sign_in(&answer);
    let audit = ["signed_in", "signed_out", "signed_in", "reset_refused"];
    program.verify(&ana, &answer, Then { status: 401, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_06_sign_in_after_299_seconds() {
    in_time_after(299).await;
}

#[tokio::test]
async fn case_06_sign_in_after_300_seconds() {
    in_time_after(300).await;
}

async fn in_time_after(seconds: i64) {
    let (program, ana, galaxy) = signed_back_in_after(seconds).await;

    let answer = ana.reset(&galaxy).await;
    program.settled().await;
    assert!(ana.reveal(&galaxy).await.passcode().is_some());
    let audit = [&PROVEN[..], &["reset_submitted", "reset_done", "passcode_revealed"]].concat();
    program.verify(&ana, &answer, Then { status: 200, commands: 1, audit: &audit }).await;
}

/// The two requests take a part of a second themselves. Where a busy machine made it a whole one, another second than
/// the one that was meant was tried: then once more, with a program of its own.
#[allow(clippy::disallowed_methods, reason = "measures how long the requests took")]
async fn signed_back_in_after(seconds: i64) -> (Program, Browser, String) {
    for _ in 0..5 {
        let mut program = Program::start_with_clock().await;
        let ana = program.browser();
        ana.sign_in("ana").await;
        let galaxy = ana.device(GALAXY).await;
        let start = std::time::Instant::now();
        ana.sign_out_to_prove(&galaxy).await;
        let stood_still = program.jump(seconds).await;
        let landed = ana.sign_in("ana").await;
        if start.elapsed().saturating_sub(stood_still) < Duration::from_secs(1) {
            assert_eq!(landed.leads_to, Some(format!("/devices/{galaxy}/reset")));
            return (program, ana, galaxy);
        }
    }
    panic!("the machine is too busy to meet a second");
}

#[tokio::test]
async fn case_06_sign_in_after_301_seconds() {
    let mut program = Program::start_with_clock().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let galaxy = ana.device(GALAXY).await;
    ana.sign_out_to_prove(&galaxy).await;
    program.jump(301).await;

    assert_late(&program, &ana, &galaxy).await;
}

#[tokio::test]
async fn case_07_the_clients_clock_has_no_effect_on_a_late_sign_in() {
    for days in [-1, 1, -3650, 3650] {
        let mut program = Program::start_with_clock().await;
        let mut ana = program.browser();
        ana.extra_headers = client_clock(days);
        ana.sign_in("ana").await;
        let galaxy = ana.device(GALAXY).await;
        ana.sign_out_to_prove(&galaxy).await;
        let remaining = ana.remaining_millis().await.unwrap();
        assert!((290_000..=300_000).contains(&remaining), "{remaining}");
        program.jump(301).await;
        assert_eq!(ana.remaining_millis().await, Some(0));

        assert_late(&program, &ana, &galaxy).await;
    }
}

#[tokio::test]
async fn case_07_the_clients_clock_has_no_effect_on_a_sign_in_in_time() {
    for days in [-1, 1] {
        let program = Program::start().await;
        let mut ana = program.browser();
        ana.extra_headers = client_clock(days);
        let galaxy = ana.prove("ana", GALAXY).await;

        let answer = ana.reset(&galaxy).await;
        program.settled().await;
        assert!(ana.reveal(&galaxy).await.passcode().is_some());
        let audit = [&PROVEN[..], &["reset_submitted", "reset_done", "passcode_revealed"]].concat();
        program.verify(&ana, &answer, Then { status: 200, commands: 1, audit: &audit }).await;
    }
}

/// Everything by which a client says what time it has.
#[allow(clippy::disallowed_methods, reason = "a client's clock is the machine's, so many days off")]
fn client_clock(days: i64) -> Vec<(&'static str, String)> {
    let off = Duration::from_secs(days.unsigned_abs() * 24 * 60 * 60);
    let now = SystemTime::now();
    let now = if days < 0 { now - off } else { now + off };
    let date = httpdate::fmt_http_date(now);
    let seconds = now.duration_since(UNIX_EPOCH).unwrap().as_secs();
    vec![
        ("date", date.clone()),
        ("if-modified-since", date.clone()),
        ("if-unmodified-since", date.clone()),
        ("expires", date),
        ("x-request-start", format!("t={seconds}")),
        ("x-client-time", seconds.to_string()),
    ]
}

#[tokio::test]
async fn case_08_the_servers_clock_jumps_back() {
    let mut program = Program::start_with_clock().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let galaxy = ana.device(GALAXY).await;
    ana.sign_out_to_prove(&galaxy).await;
    program.jump(200).await;
    let before = ana.remaining_millis().await.unwrap();
    program.jump(-3600).await;
    let after = ana.remaining_millis().await.unwrap();
    assert!((1..=before).contains(&after), "{after} of {before}");
    program.jump(3600 + 101).await;

    assert_late(&program, &ana, &galaxy).await;
}

#[tokio::test]
async fn case_08_the_servers_clock_jumps_back_and_stays_there() {
    let mut program = Program::start_with_clock().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let galaxy = ana.device(GALAXY).await;
    ana.sign_out_to_prove(&galaxy).await;
    program.jump(297).await;
    let before = ana.remaining_millis().await.unwrap();
    // Back to a second at which the window was open.
    program.jump(-200).await;
    let after = ana.remaining_millis().await.unwrap();
    assert!(after <= before && before <= 3_000, "{after} of {before}");
    // The window ends by the time that passes.
    until("the window has closed", Duration::from_secs(10), async || {
        (ana.remaining_millis().await == Some(0)).then_some(())
    })
    .await;
    // Counted in whole seconds: 300.9 s would still be in time.
    tokio::time::sleep(Duration::from_millis(1_100)).await;

    assert_late(&program, &ana, &galaxy).await;
}

#[tokio::test]
async fn case_08_the_servers_clock_jumps_back_after_the_proof() {
    let mut program = Program::start_with_clock().await;
    let ana = program.browser();
    let galaxy = ana.prove("ana", GALAXY).await;
    program.jump(297).await;
    assert_eq!(ana.get(&format!("/devices/{galaxy}/reset")).await.status, 200);
    program.jump(-200).await;
    tokio::time::sleep(Duration::from_millis(4_100)).await;

    let answer = ana.reset(&galaxy).await;
    assert_needs_fresh_sign_in(&answer);
    let audit = [&PROVEN[..], &["reset_refused"]].concat();
    program.verify(&ana, &answer, Then { status: 401, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_08_the_clock_jumps_back_while_the_program_is_down() {
    let mut program = Program::start_with_clock().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let galaxy = ana.device(GALAXY).await;
    ana.sign_out_to_prove(&galaxy).await;
    program.kill();
    program.jump(-3600).await;
    program.start_again().await;
    // Nobody can say how long it was down.
    assert_eq!(ana.remaining_millis().await, Some(0));

    assert_late(&program, &ana, &galaxy).await;
}

/// Signed in, told so in words, and refused.
async fn assert_late(program: &Program, ana: &Browser, device: &str) {
    let landed = ana.sign_in("ana").await;
    assert_eq!(landed.leads_to, Some(format!("/devices/{device}/reset?late")));
    let page = ana.get(&format!("/devices/{device}/reset?late")).await;
    assert!(page.text().contains("The five minutes were over"), "{}", page.text());
    let answer = ana.reset(device).await;
    assert_needs_fresh_sign_in(&answer);
    let audit = [&WINDOW[..], &["signed_in", "window_late", "reset_refused"]].concat();
    program.verify(ana, &answer, Then { status: 401, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_10_another_person_signs_back_in() {
    let program = Program::start().await;
    let browser = program.browser();
    browser.sign_in("ana").await;
    let galaxy = browser.device(GALAXY).await;
    browser.sign_out_to_prove(&galaxy).await;

    let landed = browser.sign_in("ben").await;
    assert_eq!(landed.leads_to.as_deref(), Some("/devices?another"));
    let page = browser.get("/devices?another").await;
    assert!(page.text().contains("somebody else"), "{}", page.text());
    assert!(!page.body.contains(GALAXY) && !page.body.contains(&galaxy) && !page.body.contains("Ana"));
    assert_eq!(browser.reset(&galaxy).await.status, 404);

    // The window is gone, for Ana too.
    assert_eq!(browser.sign_in("ana").await.leads_to.as_deref(), Some("/devices"));
    let answer = browser.reset(&galaxy).await;
    assert_needs_fresh_sign_in(&answer);
    let audit =
        [&WINDOW[..], &["signed_in", "window_of_another_person", "signed_in", "reset_refused"]].concat();
    program.verify(&browser, &answer, Then { status: 401, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_16_grant_of_one_device_spent_on_another() {
    let program = Program::start().await;
    let ana = program.browser();
    ana.prove("ana", GALAXY).await;
    let other = ana.device(LUMIA_950).await;

    let by_form = ana.reset_by_form(&other).await;
    assert_eq!(by_form.leads_to.as_deref(), Some("/sign-in?refused=fresh"));
    let answer = ana.reset(&other).await;
    assert_needs_fresh_sign_in(&answer);
    let audit = [&PROVEN[..], &["reset_refused", "reset_refused"]].concat();
    program.verify(&ana, &answer, Then { status: 401, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_17_second_reset_on_one_grant() {
    let program = Program::start().await;
    let ana = program.browser();
    let galaxy = ana.prove("ana", GALAXY).await;

    let first = ana.reset(&galaxy).await;
    let second = ana.reset(&galaxy).await;
    assert_eq!((first.status, &first.leads_to, &first.body), (second.status, &second.leads_to, &second.body));
    program.settled().await;
    // Not even when the first one has ended.
    let answer = ana.reset(&galaxy).await;
    ana.reveal(&galaxy).await;
    let audit = [&PROVEN[..], &["reset_submitted", "reset_done", "passcode_revealed"]].concat();
    program.verify(&ana, &answer, Then { status: 200, commands: 1, audit: &audit }).await;
}

#[tokio::test]
async fn case_17_many_submits_on_one_grant_at_once() {
    let program = Program::start().await;
    let ana = Arc::new(program.browser());
    let galaxy = ana.prove("ana", GALAXY).await;

    let mut submits = JoinSet::new();
    for _ in 0..20 {
        let (ana, galaxy) = (Arc::clone(&ana), galaxy.clone());
        submits.spawn(async move { ana.reset(&galaxy).await });
    }
    let answers = submits.join_all().await;
    for other in &answers[1..] {
        assert_eq!(
            (other.status, &other.leads_to, &other.body),
            (answers[0].status, &answers[0].leads_to, &answers[0].body)
        );
    }
    program.settled().await;
    assert!(ana.reveal(&galaxy).await.passcode().is_some());
    let audit = [&PROVEN[..], &["reset_submitted", "reset_done", "passcode_revealed"]].concat();
    program.verify(&ana, &answers[0], Then { status: 200, commands: 1, audit: &audit }).await;
}

#[tokio::test]
async fn case_19_two_browsers_and_two_devices() {
    let program = Program::start().await;
    let (one, two) = (program.browser(), program.browser());
    one.sign_in("ana").await;
    two.sign_in("ana").await;
    let galaxy = one.device(GALAXY).await;
    let lumia = two.device(LUMIA_635).await;
    one.sign_out_to_prove(&galaxy).await;
    two.sign_out_to_prove(&lumia).await;
    assert_eq!(two.sign_in("ana").await.leads_to, Some(format!("/devices/{lumia}/reset")));
    assert_eq!(one.sign_in("ana").await.leads_to, Some(format!("/devices/{galaxy}/reset")));

    assert_eq!(one.reset(&galaxy).await.status, 200);
    program.settled().await;
    let answer = two.reset_by_form(&lumia).await;
    assert_eq!(answer.leads_to, Some(format!("/devices/{lumia}")));
    program.settled().await;
    one.reveal(&galaxy).await;
    two.reveal(&lumia).await;
    let audit = [
        &["signed_in", "signed_in", "signed_out", "window_opened", "signed_out", "window_opened"][..],
        &["signed_in", "window_proven", "signed_in", "window_proven"],
        &["reset_submitted", "reset_done", "reset_submitted", "reset_done"],
        &["passcode_revealed", "passcode_revealed"],
    ]
    .concat();
    program.verify(&one, &answer, Then { status: 303, commands: 2, audit: &audit }).await;
}

#[tokio::test]
async fn case_19_a_tab_signed_out_by_another() {
    let program = Program::start().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let galaxy = ana.device(GALAXY).await;
    let tab = Stream::open(&ana);
    let cookies = ana.cookie_header();

    ana.form("/sign-out", &[]).await;
    assert_eq!(tab.closed_with(Duration::from_secs(1)), 4401);
    // The other tab still has the cookie it was loaded with.
    let mut left_open = program.browser();
    left_open.extra_headers = vec![("cookie", cookies)];
    assert_eq!(left_open.get("/devices").await.leads_to.as_deref(), Some("/sign-in"));
    let by_form = left_open.reset_by_form(&galaxy).await;
    assert_eq!(by_form.leads_to.as_deref(), Some("/sign-in?refused=signed-out"));
    let page = left_open.get("/sign-in?refused=signed-out").await;
    assert!(page.text().contains("You are signed out."), "{}", page.text());
    let answer = left_open.reset(&galaxy).await;
    program
        .verify(&ana, &answer, Then { status: 401, commands: 0, audit: &["signed_in", "signed_out"] })
        .await;
}

#[tokio::test]
async fn case_20_back_and_reload_after_the_post() {
    let program = Program::start().await;
    let ana = program.browser();
    let galaxy = ana.prove("ana", GALAXY).await;

    let answer = ana.reset_by_form(&galaxy).await;
    assert_eq!(answer.leads_to, Some(format!("/devices/{galaxy}")));
    for page in
        [format!("/devices/{galaxy}"), format!("/devices/{galaxy}/reset"), format!("/devices/{galaxy}")]
    {
        assert_eq!(ana.get(&page).await.status, 200);
    }
    // A browser that asks "send the form again?" and is told yes.
    let again = ana.reset_by_form(&galaxy).await;
    assert_eq!(again.leads_to, Some(format!("/devices/{galaxy}")));
    program.settled().await;
    let again = ana.reset_by_form(&galaxy).await;
    assert_eq!((again.status, again.leads_to), (303, Some(format!("/devices/{galaxy}"))));
    assert!(ana.reveal(&galaxy).await.passcode().is_some());
    let audit = [&PROVEN[..], &["reset_submitted", "reset_done", "passcode_revealed"]].concat();
    program.verify(&ana, &answer, Then { status: 303, commands: 1, audit: &audit }).await;
}

#[tokio::test]
async fn case_21_grant_used_from_another_session() {
    let program = Program::start().await;
    let (ana, elsewhere) = (program.browser(), program.browser());
    elsewhere.sign_in("ana").await;
    let galaxy = ana.prove("ana", GALAXY).await;

    let by_form = elsewhere.reset_by_form(&galaxy).await;
    assert_eq!(by_form.leads_to.as_deref(), Some("/sign-in?refused=fresh"));
    // Nor by a later session of the browser that earned it.
    ana.form("/sign-out", &[]).await;
    ana.sign_in("ana").await;
    let answer = ana.reset(&galaxy).await;
    assert_needs_fresh_sign_in(&answer);
    let audit = [&["signed_in"], &PROVEN[..], &["reset_refused", "signed_out", "signed_in", "reset_refused"]]
        .concat();
    program.verify(&ana, &answer, Then { status: 401, commands: 0, audit: &audit }).await;
}

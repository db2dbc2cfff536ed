//! Cases 22, 23, 50 to 52 and 67: guessing at passwords, and accounts that everybody knows.

use crate::support::{Browser, GALAXY, Program, Then};
use crate::{WINDOW, assert_as_fast, assert_needs_fresh_sign_in};

const FEW: (&str, &str) = ("limits.sign_in_failures", "3");
const BEHIND_A_PROXY: (&str, &str) = ("server.trusted_proxies", "127.0.0.1");

/// Tries to sign in from an address, as a proxy would tell it.
async fn guess(browser: &mut Browser, user_name: &str, password: &str, from: &str) -> u16 {
    browser.extra_headers = vec![("x-forwarded-for", from.to_owned())];
    browser.form("/sign-in", &[("user_name", user_name), ("password", password)]).await.status
}

#[tokio::test]
async fn case_22_too_many_failures_when_starting() {
    let program = Program::start_with(vec![FEW]).await;
    let mut ana = program.browser();
    for _ in 0..3 {
        assert_eq!(guess(&mut ana, "ana", "wrong", "-").await, 303);
    }
    let answer = ana.sign_in("ana").await;
    let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=301).contains(&wait), "{wait}");
    assert!(answer.text().contains("too often"), "{}", answer.text());
    assert_eq!(ana.get("/devices").await.status, 303);
    program.verify(&ana, &answer, Then { status: 429, commands: 0, audit: &["sign_in_failed"; 3] }).await;
}

#[tokio::test]
async fn case_22_too_many_failures_when_redeeming() {
    let program = Program::start_with(vec![FEW]).await;
    let mut ana = program.browser();
    ana.sign_in("ana").await;
    let galaxy = ana.device(GALAXY).await;
    ana.sign_out_to_prove(&galaxy).await;
    for _ in 0..3 {
        assert_eq!(guess(&mut ana, "ana", "wrong", "-").await, 303);
    }
    let answer = ana.sign_in("ana").await;
    // A wrong password consumes nothing: the window is still there.
    assert!(ana.remaining_millis().await.is_some_and(|left| left > 0));
    let audit = [&WINDOW[..], &["sign_in_failed"; 3]].concat();
    program.verify(&ana, &answer, Then { status: 429, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_22_guessing_the_current_password_at_an_open_page() {
    let program = Program::start_with(vec![FEW]).await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let change = async |current: &str| {
        ana.call("change_password", &[("current", current), ("new", "a new one, long enough")]).await
    };
    for _ in 0..3 {
        assert_eq!(change("wrong").await.status, 403);
    }
    let answer = change("ana-demo").await;
    program.verify(&ana, &answer, Then { status: 429, commands: 0, audit: &["signed_in"] }).await;
}

#[tokio::test]
async fn case_22_successes_never_count() {
    let program = Program::start_with(vec![FEW]).await;
    let ana = program.browser();
    for _ in 0..10 {
        assert_eq!(ana.sign_in("ana").await.status, 303);
    }
    let answer = ana.get("/devices").await;
    program.verify(&ana, &answer, Then { status: 200, commands: 0, audit: &["signed_in"; 10] }).await;
}

#[tokio::test]
async fn case_23_password_changed_inside_the_window() {
    let program = Program::start().await;
    let (ana, elsewhere) = (program.browser(), program.browser());
    elsewhere.sign_in("ana").await;
    ana.sign_in("ana").await;
    let galaxy = ana.device(GALAXY).await;
    ana.sign_out_to_prove(&galaxy).await;
    let new = "correct horse battery";
    let changed = elsewhere.call("change_password", &[("current", "ana-demo"), ("new", new)]).await;
    assert_eq!(changed.status, 200);

    assert_eq!(ana.remaining_millis().await, None);
    assert_eq!(ana.sign_in("ana").await.leads_to.as_deref(), Some("/sign-in?refused=credentials"));
    let landed = ana.form("/sign-in", &[("user_name", "ana"), ("password", new)]).await;
    assert_eq!(landed.leads_to.as_deref(), Some("/devices"));
    let answer = ana.reset(&galaxy).await;
    assert_needs_fresh_sign_in(&answer);
    let audit =
        [&["signed_in"], &WINDOW[..], &["password_changed", "sign_in_failed", "signed_in", "reset_refused"]]
            .concat();
    program.verify(&ana, &answer, Then { status: 401, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_50_an_untrusted_peer_says_it_is_somebody_else_each_time() {
    let program = Program::start_with(vec![FEW]).await;
    for number in 0..3 {
        let mut thief = program.browser();
        assert_eq!(guess(&mut thief, "ana", "wrong", &format!("203.0.113.{number}")).await, 303);
    }
    let mut thief = program.browser();
    thief.extra_headers = vec![
        ("x-forwarded-for", "203.0.113.77".to_owned()),
        ("forwarded", "for=203.0.113.77".to_owned()),
        ("x-real-ip", "203.0.113.77".to_owned()),
        ("client-ip", "203.0.113.77".to_owned()),
    ];
    let answer = thief.sign_in("ana").await;
    program.verify(&thief, &answer, Then { status: 429, commands: 0, audit: &["sign_in_failed"; 3] }).await;
}

#[tokio::test]
async fn case_51_one_account_from_everywhere() {
    let few = ("limits.sign_in_failures_per_account", "10");
    let program = Program::start_with(vec![FEW, BEHIND_A_PROXY, few]).await;
    let mut ana = program.browser();
    ana.extra_headers = vec![("x-forwarded-for", "198.51.100.7".to_owned())];
    ana.sign_in("ana").await;
    ana.form("/sign-out", &[]).await;
    let mut refused = 0;
    for number in 0..20 {
        let mut thief = program.browser();
        let status = guess(&mut thief, "ana", "wrong", &format!("203.0.113.{number}")).await;
        refused += i32::from(status == 429);
    }
    assert_eq!(refused, 10);
    // Whoever guesses right after that is told nothing either.
    let mut thief = program.browser();
    assert_eq!(guess(&mut thief, "ana", "ana-demo", "203.0.113.200").await, 429);

    // Ana in her own browser goes on.
    let answer = ana.sign_in("ana").await;
    assert_eq!(answer.leads_to.as_deref(), Some("/devices"));
    let audit = [&["signed_in", "signed_out"][..], &["sign_in_failed"; 10], &["signed_in"]].concat();
    program.verify(&ana, &answer, Then { status: 303, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_51_many_accounts_from_one_address() {
    let few = ("limits.sign_in_failures_per_address", "10");
    let program = Program::start_with(vec![BEHIND_A_PROXY, few]).await;
    let mut statuses = Vec::new();
    for number in 0..20 {
        let mut thief = program.browser();
        let name = if number % 5 == 0 { "ana".to_owned() } else { format!("person{number}") };
        statuses.push(guess(&mut thief, &name, "Summer2026!", "203.0.113.9").await);
    }
    assert_eq!(statuses, [[303; 10], [429; 10]].concat());

    // Ana was among them, and signs in from wherever she is.
    let mut ana = program.browser();
    ana.extra_headers = vec![("x-forwarded-for", "198.51.100.7".to_owned())];
    let answer = ana.sign_in("ana").await;
    assert_eq!(answer.leads_to.as_deref(), Some("/devices"));
    let audit = [&["sign_in_failed"; 10][..], &["signed_in"]].concat();
    program.verify(&ana, &answer, Then { status: 303, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_52_an_unknown_name_is_like_a_wrong_password() {
    let many = "100000";
    let program = Program::start_with(vec![
        ("limits.sign_in_failures", "1000"),
        ("limits.sign_in_failures_per_account", many),
        ("limits.sign_in_failures_per_address", many),
    ])
    .await;
    let stranger = program.browser();
    let names = ["ana", "bob"];
    let sign_in = async |place: usize| {
        stranger.form("/sign-in", &[("user_name", names[place]), ("password", "wrong-wrong")]).await
    };
    let (known, unknown) = (sign_in(0).await, sign_in(1).await);
    assert_eq!(
        (known.status, &known.leads_to, &known.body),
        (unknown.status, &unknown.leads_to, &unknown.body)
    );
    let page = stranger.get("/sign-in?refused=credentials").await;
    assert!(page.text().contains("wrong") && !page.text().contains("unknown"), "{}", page.text());
    assert_as_fast("a sign-in", async |place| {
        sign_in(place).await;
    })
    .await;

    let rows = program.audit().await;
    assert!(rows.iter().all(|event| event == "sign_in_failed"), "{rows:?}");
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    program.verify(&stranger, &known, Then { status: 303, commands: 0, audit: &rows }).await;
}

#[tokio::test]
async fn case_67_a_database_of_the_demo_outside_of_it() {
    let program = Program::start().await;
    let ana = program.browser();
    let earnest = [
        ("server.public_url", "https://portal.example.com"),
        ("server.listen", "127.0.0.1:0"),
        ("server.management_listen", "127.0.0.1:0"),
    ];
    let refused = program.operate(&["serve"], &earnest, "");
    let why = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{why}");
    assert!(why.contains("password of the demo") && why.contains("latchkey user password ana"), "{why}");

    // With passwords of their own nobody knows them.
    for name in ["ana", "ben", "ira"] {
        let set =
            program.operate(&["user", "password", name, "--password-stdin"], &[], "a password of my own\n");
        assert!(set.status.success(), "{set:?}");
        let listed = program.operate(&["user", "list"], &[], "");
        assert!(String::from_utf8(listed.stdout).unwrap().contains(name));
    }
    let healthy = program.operate(&["doctor"], &[("server.public_url", "http://localhost:3000")], "");
    let said = String::from_utf8(healthy.stdout).unwrap();
    assert!(said.contains("ok     accounts: 3 can sign in"), "{said}");

    let everywhere = program.operate(&["demo", "--listen", "0.0.0.0:0"], &[], "");
    assert_eq!(everywhere.status.code(), Some(1));
    assert!(String::from_utf8(everywhere.stderr).unwrap().contains("loopback only"));
    let answer = ana.sign_in("ana").await;
    assert_eq!(answer.leads_to.as_deref(), Some("/sign-in?refused=credentials"));
    let audit = ["password_set", "password_set", "password_set", "sign_in_failed"];
    program.verify(&ana, &answer, Then { status: 303, commands: 0, audit: &audit }).await;
}

/// They are as good as the password, once.
#[tokio::test]
async fn case_34_recovery_codes_are_kept_nowhere() {
    let program = Program::start().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let made = ana.form("/account/recovery-codes", &[("current", "ana-demo")]).await;
    let codes = made.codes();
    assert_eq!(codes.len(), 10, "{}", made.text());
    program.secrets.lock().unwrap().extend(codes.iter().cloned());
    program.secrets.lock().unwrap().extend(codes.iter().map(|code| code.replace('-', "")));
    ana.form("/sign-out", &[]).await;
    let answer = ana.form("/sign-in", &[("user_name", "ana"), ("password", &codes[0])]).await;
    assert_eq!(answer.leads_to.as_deref(), Some("/devices"));
    assert!(ana.get("/account").await.text().contains("You have 9 left."));
    let audit = ["signed_in", "recovery_codes_made", "signed_out", "recovery_code_used", "signed_in"];
    program.verify(&ana, &answer, Then { status: 303, commands: 0, audit: &audit }).await;
}

/// Whoever sits down at an open page keeps no key to it.
#[tokio::test]
async fn case_22_nothing_that_opens_the_account_is_added_without_the_password() {
    let program = Program::start().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    for _ in 0..10 {
        let refused = ana.form("/account/recovery-codes", &[("current", "not it")]).await;
        assert_eq!((refused.status, refused.codes().len()), (403, 0));
    }
    for path in ["/account/recovery-codes", "/account/passkeys/begin"] {
        let refused = ana.form(path, &[("current", "ana-demo")]).await;
        assert_eq!((refused.status, refused.codes().len()), (429, 0), "{path}");
    }
    let answer = ana.form("/account/passkeys", &[("ticket", "x"), ("answer", "{}")]).await;
    program.verify(&ana, &answer, Then { status: 400, commands: 0, audit: &["signed_in"] }).await;
}

#[tokio::test]
async fn case_13_a_passkey_that_nobody_asked_for() {
    let program = Program::start().await;
    let (ana, other) = (program.browser_by_name(), program.browser_by_name());
    let asked = async |browser: &Browser| -> String {
        let asked = browser.form("/sign-in/passkey/begin", &[]).await;
        let asked: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!(asked["options"]["publicKey"]["userVerification"], "required");
        asked["ticket"].as_str().unwrap().to_owned()
    };
    let (own, others) = (asked(&ana).await, asked(&other).await);
    let changed = format!("{}A", &own[..own.len() - 1]);
    // Asked of nobody, of another browser, changed; and an answer that is none, after which the question is used up.
    let tickets = ["", "0a1b2c3d.AAAA.BBBB", &others, &changed, &own, &own];
    for ticket in tickets {
        let answer = ana.form("/sign-in/passkey", &[("ticket", ticket), ("answer", "{}")]).await;
        assert_eq!(answer.status, 400, "{ticket}");
    }
    let answer = ana.form("/sign-in/passkey", &[("ticket", &own), ("answer", "{}")]).await;
    assert!(answer.text().contains("This passkey could not be used"), "{}", answer.text());
    assert_eq!(ana.cookie("latchkey_session"), None);
    program
        .verify(&ana, &answer, Then { status: 400, commands: 0, audit: &["sign_in_not_believed"; 7] })
        .await;
}

//! Cases 2 to 15, 43 and 65: signing in with the organisation's own account, and an identity provider that lies.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Answer, Asked, Browser, GALAXY, Program, Provider, Settings, Signed, Stream, Then, now,
};
use crate::{WINDOW, assert_needs_fresh_sign_in};

struct Story {
    program: Program,
    provider: Provider,
    ana: Browser,
}

/// What it is about, and how it is told.
type Lie = (&'static str, fn(&mut Value));

impl Story {
    async fn begin() -> Self {
        Self::begin_with(Vec::new()).await
    }

    async fn begin_with(more: Settings) -> Self {
        Self::begin_at(Provider::start().await, more).await
    }

    async fn begin_at(provider: Provider, more: Settings) -> Self {
        let program = Program::start_with([provider.settings("work"), more].concat()).await;
        Provider::keep_secrets(&program.secrets);
        let ana = program.browser();
        Self { program, provider, ana }
    }

    async fn asked(&self) -> Asked {
        self.asked_in(&self.ana).await
    }

    async fn asked_in(&self, browser: &Browser) -> Asked {
        self.provider.asked(&browser.ask_provider("work").await)
    }

    /// As an honest provider would tell it, but for what the test changes.
    async fn sign_in(&self, change: impl FnOnce(&mut Value)) -> Answer {
        let asked = self.asked().await;
        let mut claims = self.provider.honest(&asked, "1");
        change(&mut claims);
        self.ana.get(&self.provider.answer(&asked, &claims)).await
    }

    /// Signed in, then out, with the five minutes running.
    async fn window(&self) -> String {
        let landed = self.sign_in(|_| {}).await;
        assert_eq!(landed.leads_to.as_deref(), Some("/devices"), "{landed:?}");
        let galaxy = self.ana.device(GALAXY).await;
        assert_eq!(self.ana.sign_out_to_prove(&galaxy).await.leads_to.as_deref(), Some("/sign-in"));
        galaxy
    }

    /// Came back signed in and with no grant, told in these words.
    async fn assert_proved_nothing(&self, landed: &Answer, galaxy: &str, how: &str, words: &str) {
        let address = format!("/devices/{galaxy}/reset?{how}");
        assert_eq!(landed.leads_to.as_deref(), Some(address.as_str()), "{landed:?}");
        let page = self.ana.get(&address).await;
        assert!(page.text().contains(words), "{}", page.text());
        assert!(page.text().contains("Step 1 of 2"), "{}", page.text());
        let answer = self.ana.reset(galaxy).await;
        assert_needs_fresh_sign_in(&answer);
        let event = format!("window_{}", how.replace('-', "_"));
        let audit = [&WINDOW[..], &["signed_in", &event, "reset_refused"]].concat();
        self.program.verify(&self.ana, &answer, Then { status: 401, commands: 0, audit: &audit }).await;
    }

    async fn assert_not_fresh(&self, change: impl FnOnce(&mut Value)) {
        let galaxy = self.window().await;
        let landed = self.sign_in(change).await;
        self.assert_proved_nothing(&landed, &galaxy, "not-fresh", "without being asked who you are").await;
    }

    /// Refused with 400, and nobody is signed in.
    async fn assert_let_nobody_in(&self, answer: &Answer, event: &str) {
        assert!(answer.text().contains("nobody was let in"), "{answer:?}");
        assert_eq!(self.ana.cookie("latchkey_session"), None);
        assert_eq!(self.ana.get("/devices").await.leads_to.as_deref(), Some("/sign-in"));
        self.program.verify(&self.ana, answer, Then { status: 400, commands: 0, audit: &[event] }).await;
    }
}

#[tokio::test]
async fn case_02_silent_single_sign_on() {
    let story = Story::begin().await;
    story.assert_not_fresh(|claims| claims["auth_time"] = json!(now() - 60)).await;
}

#[tokio::test]
async fn case_02_a_fresh_sign_in_with_the_organisations_account_resets() {
    let story = Story::begin().await;
    let galaxy = story.window().await;
    let asked = story.asked().await;
    assert_eq!((asked.get("prompt"), asked.get("max_age")), (Some("login"), Some("0")));
    assert_eq!(asked.get("code_challenge_method"), Some("S256"));
    let claims = story.provider.honest(&asked, "1");
    let landed = story.ana.get(&story.provider.answer(&asked, &claims)).await;
    assert_eq!(landed.leads_to, Some(format!("/devices/{galaxy}/reset")));

    let answer = story.ana.reset(&galaxy).await;
    story.program.settled().await;
    assert!(story.ana.reveal(&galaxy).await.passcode().is_some());
    let audit =
        [&WINDOW[..], &["signed_in", "window_proven", "reset_submitted", "reset_done", "passcode_revealed"]]
            .concat();
    story.program.verify(&story.ana, &answer, Then { status: 200, commands: 1, audit: &audit }).await;
}

#[tokio::test]
async fn case_02_single_sign_on_shows_no_passcode() {
    let story = Story::begin().await;
    let galaxy = story.window().await;
    assert_eq!(story.sign_in(|_| {}).await.leads_to, Some(format!("/devices/{galaxy}/reset")));
    assert_eq!(story.ana.reset(&galaxy).await.status, 200);
    story.program.settled().await;
    story.ana.form("/sign-out", &[]).await;

    // A session that single sign-on began proves nothing, however young it is.
    let since = now() - 3600;
    let landed = story.sign_in(|claims| claims["auth_time"] = json!(since)).await;
    assert_eq!(landed.leads_to.as_deref(), Some("/devices"));
    let refused = story.ana.reveal(&galaxy).await;
    assert_eq!(refused.leads_to.as_deref(), Some("/sign-in?refused=fresh"));
    // Nor does one that only says it is for showing it.
    story.ana.form(&format!("/devices/{galaxy}/reset"), &[("purpose", "reveal")]).await;
    let landed = story.sign_in(|claims| claims["auth_time"] = json!(since)).await;
    assert_eq!(landed.leads_to, Some(format!("/devices/{galaxy}/reset?purpose=reveal&not-fresh")));
    let answer = story.ana.reveal_by_call(&galaxy).await;
    assert_needs_fresh_sign_in(&answer);
    // A fresh one does.
    story.ana.form(&format!("/devices/{galaxy}/reset"), &[("purpose", "reveal")]).await;
    let landed = story.sign_in(|_| {}).await;
    assert_eq!(landed.leads_to, Some(format!("/devices/{galaxy}?proven")));
    assert!(story.ana.reveal(&galaxy).await.passcode().is_some());
    let audit = [
        &WINDOW[..],
        &["signed_in", "window_proven", "reset_submitted", "reset_done", "signed_out", "signed_in"],
        &["signed_out", "window_opened", "signed_in", "window_not_fresh"],
        &["signed_out", "window_opened", "signed_in", "window_proven", "passcode_revealed"],
    ]
    .concat();
    story.program.verify(&story.ana, &answer, Then { status: 401, commands: 1, audit: &audit }).await;
}

#[tokio::test]
async fn case_03_no_auth_time() {
    let story = Story::begin().await;
    story
        .assert_not_fresh(|claims| {
            claims.as_object_mut().unwrap().remove("auth_time");
        })
        .await;
}

#[tokio::test]
async fn case_03_no_auth_time_but_in_the_user_info() {
    let story = Story::begin().await;
    story.provider.says_of_people(json!({ "auth_time": now(), "acr": "mfa", "name": "Ana Marić" }));
    story
        .assert_not_fresh(|claims| {
            claims.as_object_mut().unwrap().remove("auth_time");
            claims.as_object_mut().unwrap().remove("name");
        })
        .await;
}

#[tokio::test]
async fn case_04_fresh_iat_and_old_auth_time() {
    let story = Story::begin().await;
    story
        .assert_not_fresh(|claims| {
            claims["iat"] = json!(now() + 5);
            claims["auth_time"] = json!(now() - 11);
        })
        .await;
}

#[tokio::test]
async fn case_05_auth_time_from_the_future() {
    let story = Story::begin().await;
    story.assert_not_fresh(|claims| claims["auth_time"] = json!(now() + 60)).await;
}

#[tokio::test]
async fn case_05_auth_time_in_milliseconds() {
    let story = Story::begin().await;
    story.assert_not_fresh(|claims| claims["auth_time"] = json!(now() * 1000)).await;
}

#[tokio::test]
async fn case_05_auth_time_with_a_fraction() {
    let story = Story::begin().await;
    #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
    story.assert_not_fresh(|claims| claims["auth_time"] = json!(now() as f64 + 0.5)).await;
}

#[tokio::test]
async fn case_05_a_negative_auth_time() {
    let story = Story::begin().await;
    story.assert_not_fresh(|claims| claims["auth_time"] = json!(-now())).await;
}

/// What no number can be read from lets nobody in at all.
#[tokio::test]
async fn case_05_auth_time_that_is_no_number() {
    for auth_time in [json!(now().to_string()), json!([now()]), json!(true), json!(1.0e300)] {
        let story = Story::begin().await;
        let answer = story.sign_in(|claims| claims["auth_time"] = auth_time).await;
        story.assert_let_nobody_in(&answer, "sign_in_not_believed").await;
    }
}

#[tokio::test]
async fn case_06_back_from_the_provider_after_301_seconds() {
    let provider = Provider::start().await;
    let program = Program::start_with_clock_and(provider.settings("work")).await;
    let ana = program.browser();
    let mut story = Story { program, provider, ana };
    let galaxy = story.window().await;
    let asked = story.asked().await;
    story.program.jump(301).await;
    let mut claims = story.provider.honest(&asked, "1");
    claims["auth_time"] = json!(now() + 301);
    claims["exp"] = json!(now() + 900);
    let landed = story.ana.get(&story.provider.answer(&asked, &claims)).await;
    story.assert_proved_nothing(&landed, &galaxy, "late", "The five minutes were over").await;
}

#[tokio::test]
async fn case_09_prompt_and_max_age_taken_out_of_the_address() {
    let story = Story::begin().await;
    let galaxy = story.window().await;
    let mut asked = story.asked().await;
    asked.0.remove("prompt");
    asked.0.remove("max_age");
    // So the provider asks nobody, and tells of the sign-in of this morning.
    let mut claims = story.provider.honest(&asked, "1");
    claims["auth_time"] = json!(now() - 3600);
    let landed = story.ana.get(&story.provider.answer(&asked, &claims)).await;
    story.assert_proved_nothing(&landed, &galaxy, "not-fresh", "without being asked who you are").await;
}

#[tokio::test]
async fn case_09_what_is_pushed_cannot_be_taken_out() {
    let provider = Provider::start().await;
    let push = format!("{}/push", provider.url);
    provider.says_of_itself(json!({ "pushed_authorization_request_endpoint": push }));
    let story = Story::begin_at(provider, Vec::new()).await;
    let galaxy = story.window().await;
    let address = story.ana.ask_provider("work").await;
    assert!(!address.contains("prompt") && address.contains("request_uri="), "{address}");
    let asked = story.provider.asked(&address);
    assert_eq!((asked.get("prompt"), asked.get("max_age")), (Some("login"), Some("0")));
    let claims = story.provider.honest(&asked, "1");
    let answer = story.ana.get(&story.provider.answer(&asked, &claims)).await;
    assert_eq!(answer.leads_to, Some(format!("/devices/{galaxy}/reset")));
    let audit = [&WINDOW[..], &["signed_in", "window_proven"]].concat();
    story.program.verify(&story.ana, &answer, Then { status: 303, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_10_another_subject_signs_back_in() {
    let story = Story::begin().await;
    let galaxy = story.window().await;
    let landed = story
        .sign_in(|claims| {
            claims["sub"] = json!("2");
            claims["email"] = json!("ben@example.com");
        })
        .await;
    assert_eq!(landed.leads_to.as_deref(), Some("/devices?another"));
    let answer = story.ana.reset(&galaxy).await;
    let audit = [&WINDOW[..], &["signed_in", "window_of_another_person"]].concat();
    story.program.verify(&story.ana, &answer, Then { status: 404, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_11_the_same_address_from_another_issuer() {
    let other = Provider::start().await;
    let story = Story::begin_with(other.settings("other")).await;
    let galaxy = story.window().await;
    let asked = other.asked(&story.ana.ask_provider("other").await);
    let claims = other.honest(&asked, "1");
    let landed = story.ana.get(&other.answer(&asked, &claims)).await;
    assert_eq!(landed.leads_to.as_deref(), Some("/devices?another"));
    let answer = story.ana.reset(&galaxy).await;
    assert_needs_fresh_sign_in(&answer);
    let audit = [&WINDOW[..], &["signed_in", "window_of_another_person", "reset_refused"]].concat();
    story.program.verify(&story.ana, &answer, Then { status: 401, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_11_the_same_address_as_a_local_account() {
    let story = Story::begin().await;
    story.ana.sign_in("ana").await;
    let galaxy = story.ana.device(GALAXY).await;
    story.ana.sign_out_to_prove(&galaxy).await;
    let landed = story.sign_in(|_| {}).await;
    assert_eq!(landed.leads_to.as_deref(), Some("/devices?another"));
    let answer = story.ana.reset(&galaxy).await;
    let audit = [&WINDOW[..], &["signed_in", "window_of_another_person", "reset_refused"]].concat();
    story.program.verify(&story.ana, &answer, Then { status: 401, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_12_less_than_the_configured_acr() {
    for acr in [json!("pwd"), json!(null), json!("phr mfa"), json!(["mfa"])] {
        let story = Story::begin_with(vec![("oidc.work.acr_values", "phr mfa")]).await;
        let galaxy = story.window().await;
        let asked = story.asked().await;
        assert_eq!(asked.get("acr_values"), Some("phr mfa"));
        let mut claims = story.provider.honest(&asked, "1");
        claims["acr"] = acr.clone();
        let landed = story.ana.get(&story.provider.answer(&asked, &claims)).await;
        if acr.is_array() {
            // It is no text, so nobody is let in.
            assert_eq!(landed.status, 400);
            continue;
        }
        story
            .assert_proved_nothing(&landed, &galaxy, "too-weak", "less proof than your organisation asks for")
            .await;
    }
}

#[tokio::test]
async fn case_12_the_configured_acr() {
    let story = Story::begin_with(vec![("oidc.work.acr_values", "phr mfa")]).await;
    let galaxy = story.window().await;
    let answer = story.sign_in(|claims| claims["acr"] = json!("mfa")).await;
    assert_eq!(answer.leads_to, Some(format!("/devices/{galaxy}/reset")));
    let audit = [&WINDOW[..], &["signed_in", "window_proven"]].concat();
    story.program.verify(&story.ana, &answer, Then { status: 303, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_13_a_callback_replayed() {
    let story = Story::begin().await;
    let asked = story.asked().await;
    let claims = story.provider.honest(&asked, "1");
    let address = story.provider.answer(&asked, &claims);
    let asking = story.ana.cookie("latchkey_asking").unwrap();
    assert_eq!(story.ana.get(&address).await.leads_to.as_deref(), Some("/devices"));
    story.ana.form("/sign-out", &[]).await;
    story.ana.plant("latchkey_asking", &asking);

    let answer = story.ana.get(&address).await;
    assert!(answer.text().contains("it is over already"), "{}", answer.text());
    assert_eq!(story.ana.cookie("latchkey_session"), None);
    let audit = ["signed_in", "signed_out", "sign_in_not_begun_here"];
    story.program.verify(&story.ana, &answer, Then { status: 400, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_13_a_callback_whose_code_was_not_for_us() {
    let story = Story::begin().await;
    let asked = story.asked().await;
    let answer =
        story.ana.get(&Provider::back(&asked, &[("code", "stolen"), ("iss", &story.provider.url)])).await;
    story.assert_let_nobody_in(&answer, "sign_in_not_believed").await;
}

#[tokio::test]
async fn case_14_a_callback_in_another_browser() {
    let story = Story::begin().await;
    let asked = story.asked().await;
    let claims = story.provider.honest(&asked, "1");
    let address = story.provider.answer(&asked, &claims);
    let elsewhere = story.program.browser();
    elsewhere.get("/sign-in").await;
    assert_eq!(elsewhere.get(&address).await.status, 400);
    // Nor in one that has asked something itself.
    story.asked_in(&elsewhere).await;
    let answer = elsewhere.get(&address).await;
    assert!(answer.text().contains("not begun in this browser"), "{}", answer.text());
    assert_eq!(elsewhere.cookie("latchkey_session"), None);
    let audit = ["sign_in_not_begun_here", "sign_in_not_begun_here"];
    story.program.verify(&elsewhere, &answer, Then { status: 400, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_15_a_token_that_is_not_for_us() {
    let lies: [Lie; 9] = [
        ("nonce", |claims| claims["nonce"] = json!("another")),
        ("no nonce", |claims| claims["nonce"] = json!(null)),
        ("aud", |claims| claims["aud"] = json!("another")),
        ("two aud", |claims| claims["aud"] = json!([claims["aud"], "another"])),
        ("azp", |claims| claims["azp"] = json!("another")),
        ("iss", |claims| claims["iss"] = json!("https://id.example.com")),
        ("exp", |claims| claims["exp"] = json!(now() - 1)),
        ("sub", |claims| claims["sub"] = json!("")),
        ("long sub", |claims| claims["sub"] = json!("x".repeat(256))),
    ];
    for (lie, change) in lies {
        println!("{lie}");
        let story = Story::begin().await;
        let answer = story.sign_in(change).await;
        story.assert_let_nobody_in(&answer, "sign_in_not_believed").await;
    }
}

#[tokio::test]
async fn case_15_a_token_that_the_provider_did_not_sign() {
    for signed in [Signed::Not, Signed::WithSecret, Signed::WithAnotherKey] {
        let story = Story::begin().await;
        let asked = story.asked().await;
        let claims = story.provider.honest(&asked, "1");
        let answer = story.ana.get(&story.provider.answer_signed(&asked, &claims, signed)).await;
        story.assert_let_nobody_in(&answer, "sign_in_not_believed").await;
    }
}

#[tokio::test]
async fn case_15_another_issuer_in_the_answer() {
    for iss in [Some("https://id.example.com"), None] {
        let story = Story::begin().await;
        let asked = story.asked().await;
        let claims = story.provider.honest(&asked, "1");
        let address = story.provider.answer(&asked, &claims);
        let honest = address.split("&iss=").next().unwrap();
        let address = iss.map_or(honest.to_owned(), |iss| format!("{honest}&iss={iss}"));
        let answer = story.ana.get(&address).await;
        story.assert_let_nobody_in(&answer, "sign_in_not_believed").await;
    }
}

/// One provider's answer, brought to where another's is expected.
#[tokio::test]
async fn case_15_mix_up() {
    let other = Provider::start().await;
    let story = Story::begin_with(other.settings("other")).await;
    let asked = story.asked().await;
    let claims = other.honest(&asked, "1");
    let address = other.answer(&asked, &claims);
    let answer = story.ana.get(&address.replace("/oidc/work/", "/oidc/other/")).await;
    story.assert_let_nobody_in(&answer, "sign_in_not_begun_here").await;
    let answer = story.ana.get(&address).await;
    let audit = ["sign_in_not_begun_here", "sign_in_not_believed"];
    story.program.verify(&story.ana, &answer, Then { status: 400, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_15_a_key_that_was_changed_is_looked_for() {
    let provider = Provider::start().await;
    let program = Program::start_with_clock_and(provider.settings("work")).await;
    let ana = program.browser();
    let mut story = Story { program, provider, ana };
    let answer = story.sign_in(|_| {}).await;
    assert_eq!(answer.leads_to.as_deref(), Some("/devices"));
    story.provider.rotate_keys();
    // Whoever made up keys would otherwise make us ask without end.
    story.program.jump(11).await;
    let answer = story.sign_in(|claims| claims["exp"] = json!(now() + 300)).await;
    assert_eq!(answer.leads_to.as_deref(), Some("/devices"));
    let audit = ["signed_in", "signed_in"];
    story.program.verify(&story.ana, &answer, Then { status: 303, commands: 0, audit: &audit }).await;
}

/// Whoever arrives together with the one who asked for the new keys is let in by them.
#[tokio::test]
async fn case_15_a_key_that_was_changed_before_many_arrive() {
    let provider = Provider::start().await;
    let program = Program::start_with_clock_and(provider.settings("work")).await;
    let ana = program.browser();
    let mut story = Story { program, provider, ana };
    story.sign_in(|_| {}).await;
    story.provider.rotate_keys();
    story.program.jump(11).await;
    let arriving = (0..6).map(async |_| {
        let browser = story.program.browser();
        let asked = story.asked_in(&browser).await;
        let mut claims = story.provider.honest(&asked, "1");
        claims["exp"] = json!(now() + 300);
        browser.get(&story.provider.answer(&asked, &claims)).await.status
    });
    let arrived = futures::future::join_all(arriving).await;
    assert_eq!(arrived, [303; 6]);
    let answer = story.ana.get("/devices").await;
    story
        .program
        .verify(&story.ana, &answer, Then { status: 200, commands: 0, audit: &["signed_in"; 7] })
        .await;
}

/// A page with a hundred pictures that are none.
#[tokio::test]
async fn case_50_answers_that_nobody_asked_for_keep_nobody_out() {
    let story = Story::begin_with(vec![("limits.sign_in_failures_per_address", "10")]).await;
    let stranger = story.program.browser();
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(stranger.get("/oidc/work/callback?state=x&code=y").await.status);
    }
    assert_eq!(statuses, [[400; 10].as_slice(), &[429; 2]].concat());
    let answer = story.sign_in(|_| {}).await;
    assert_eq!(answer.leads_to.as_deref(), Some("/devices"));
    let audit = [&["sign_in_not_begun_here"; 10][..], &["signed_in"]].concat();
    story.program.verify(&story.ana, &answer, Then { status: 303, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_27_a_disabled_account_is_not_let_in_by_its_provider() {
    let story = Story::begin().await;
    story.window().await;
    let asked = story.asked().await;
    let name = format!("1 {}", story.provider.url);
    assert!(story.program.operate(&["user", "disable", &name], &[], "").status.success());
    let claims = story.provider.honest(&asked, "1");
    let answer = story.ana.get(&story.provider.answer(&asked, &claims)).await;
    assert!(answer.text().contains("Your account in this portal is disabled."), "{}", answer.text());
    assert_eq!(story.ana.cookie("latchkey_session"), None);
    let audit = [&WINDOW[..], &["person_disabled", "sign_in_of_disabled"]].concat();
    story.program.verify(&story.ana, &answer, Then { status: 403, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_43_an_attackers_callback() {
    let story = Story::begin().await;
    let attacker = story.program.browser();
    let asked = story.asked_in(&attacker).await;
    let claims = story.provider.honest(&asked, "666");
    // The victim follows a link with the attacker's own code in it.
    let answer = story.ana.get(&story.provider.answer(&asked, &claims)).await;
    story.assert_let_nobody_in(&answer, "sign_in_not_begun_here").await;
}

#[tokio::test]
async fn case_43_what_the_provider_refused() {
    let story = Story::begin().await;
    let asked = story.asked().await;
    let told = [
        ("error", "access_denied"),
        ("error_description", "<script>alert(7)</script>"),
        ("iss", &story.provider.url),
    ];
    let answer = story.ana.get(&Provider::back(&asked, &told)).await;
    assert!(answer.text().contains("did not let you in"), "{}", answer.text());
    assert!(!answer.body.contains("alert(7)") && !answer.body.contains("access_denied"));
    let audit = ["sign_in_denied_by_provider"];
    story.program.verify(&story.ana, &answer, Then { status: 403, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_42_head_does_not_use_up_an_answer() {
    let story = Story::begin().await;
    let asked = story.asked().await;
    let claims = story.provider.honest(&asked, "1");
    let address = story.provider.answer(&asked, &claims);
    assert_eq!(story.ana.send(reqwest::Method::HEAD, &address).await.status, 405);
    assert_eq!(story.ana.send(reqwest::Method::GET, "/oidc/work/sign-in").await.status, 405);
    let answer = story.ana.get(&address).await;
    assert_eq!(answer.leads_to.as_deref(), Some("/devices"));
    story.program.verify(&story.ana, &answer, Then { status: 303, commands: 0, audit: &["signed_in"] }).await;
}

#[tokio::test]
async fn case_65_an_order_to_sign_out_that_is_none() {
    let story = Story::begin().await;
    story.sign_in(|claims| claims["sid"] = json!("a")).await;
    let lies: [Lie; 11] = [
        ("no event", |claims| {
            claims.as_object_mut().unwrap().remove("events");
        }),
        ("another event", |claims| claims["events"] = json!({ "http://example.com": {} })),
        ("an event that is none", |claims| {
            claims["events"]["http://schemas.openid.net/event/backchannel-logout"] = json!(true);
        }),
        ("nonce", |claims| claims["nonce"] = json!("x")),
        ("aud", |claims| claims["aud"] = json!("another")),
        ("iss", |claims| claims["iss"] = json!("https://id.example.com")),
        ("old", |claims| claims["iat"] = json!(now() - 301)),
        ("no time", |claims| claims["iat"] = json!(null)),
        ("expired", |claims| claims["exp"] = json!(now() - 1)),
        ("no id", |claims| claims["jti"] = json!(null)),
        ("nobody", |claims| claims["sub"] = json!(null)),
    ];
    let mut tokens: Vec<(&str, String)> = lies
        .into_iter()
        .map(|(lie, change)| (lie, story.provider.logout_token(change, Signed::Rightly)))
        .collect();
    for (lie, signed) in
        [("alg none", Signed::Not), ("HS256", Signed::WithSecret), ("another key", Signed::WithAnotherKey)]
    {
        tokens.push((lie, story.provider.logout_token(|_| {}, signed)));
    }
    tokens.push(("no token", "x".to_owned()));
    for (lie, token) in &tokens {
        let answer = backchannel(&story, token).await;
        assert_eq!(answer.status, 400, "{lie}: {answer:?}");
    }
    let answer = backchannel(&story, &tokens[0].1).await;
    assert_eq!(story.ana.get("/devices").await.status, 200);
    story.program.verify(&story.ana, &answer, Then { status: 400, commands: 0, audit: &["signed_in"] }).await;
}

#[tokio::test]
async fn case_65_an_order_to_sign_out() {
    let story = Story::begin().await;
    story.sign_in(|claims| claims["sid"] = json!("a")).await;
    let stream = Stream::open(&story.ana);
    // Of another session, of another person.
    for (name, value) in [("sid", "b"), ("sub", "2")] {
        let token = story.provider.logout_token(|claims| claims[name] = json!(value), Signed::Rightly);
        assert_eq!(backchannel(&story, &token).await.status, 200);
        assert_eq!(story.ana.get("/devices").await.status, 200);
    }
    let token = story.provider.logout_token(|claims| claims["sid"] = json!("a"), Signed::Rightly);
    let answer = backchannel(&story, &token).await;
    assert_eq!(answer.cache.as_deref(), Some("no-store"));
    assert_eq!(stream.closed_with(Duration::from_secs(1)), 4401);
    assert_eq!(story.ana.get("/devices").await.leads_to.as_deref(), Some("/sign-in"));

    // The same order later signs nobody out.
    story.sign_in(|claims| claims["sid"] = json!("a")).await;
    assert_eq!(backchannel(&story, &token).await.status, 400);
    assert_eq!(story.ana.get("/devices").await.status, 200);
    let audit = ["signed_in", "signed_out_by_provider", "signed_in"];
    story.program.verify(&story.ana, &answer, Then { status: 200, commands: 0, audit: &audit }).await;
}

/// The provider's own server calls: without a cookie, an Origin or anything else of a browser.
async fn backchannel(story: &Story, token: &str) -> Answer {
    let server = story.program.browser();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("logout_token={token}");
    server.raw(reqwest::Method::POST, "/oidc/work/backchannel-logout", &form, body.as_bytes()).await
}

//! Cases 24 to 28: whose a device is.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::{Answer, GALAXY, Program, Stream, Then, until};
use crate::{PROVEN, WINDOW, assert_as_fast};

#[tokio::test]
async fn case_24_anothers_device_is_like_an_unknown_one() {
    let program = Program::start().await;
    let (ana, ben) = (program.browser(), program.browser());
    ben.sign_in("ben").await;
    let bens = ben.device("Ben's Pixel").await;
    ana.sign_in("ana").await;
    let unknown = format!("virtual.{}", "0".repeat(bens.len() - "virtual.".len()));

    for path in ["", "/reset"] {
        let known = ana.get(&format!("/devices/{bens}{path}")).await;
        let none = ana.get(&format!("/devices/{unknown}{path}")).await;
        assert_eq!(known.status, 404);
        assert_eq!(blanked(&known, &bens), blanked(&none, &unknown));
    }
    for function in ["device", "reset_passcode", "cancel_reset", "reveal_passcode", "forget_passcode"] {
        let known = ana.call(function, &[("device", &bens)]).await;
        let none = ana.call(function, &[("device", &unknown)]).await;
        assert_eq!(known.status, 404, "{function}");
        assert_eq!(blanked(&known, &bens), blanked(&none, &unknown), "{function}");
    }
    for step in ["reset", "passcode"] {
        let known = ana.form(&format!("/devices/{bens}/{step}"), &[("purpose", "reset")]).await;
        let none = ana.form(&format!("/devices/{unknown}/{step}"), &[("purpose", "reset")]).await;
        assert_eq!(known.status, 404, "{known:?}");
        assert_eq!(blanked(&known, &bens), blanked(&none, &unknown), "{step}");
    }
    let both = [bens.as_str(), unknown.as_str()];
    assert_as_fast("a function", async |place| {
        ana.call("device", &[("device", both[place])]).await;
    })
    .await;
    assert_as_fast("a page", async |place| {
        ana.get(&format!("/devices/{}", both[place])).await;
    })
    .await;

    let answer = ana.reset(&bens).await;
    program
        .verify(&ana, &answer, Then { status: 404, commands: 0, audit: &["signed_in", "signed_in"] })
        .await;
}

/// What may differ: the address that was asked for, nonces, request ids, the date.
fn blanked(answer: &Answer, id: &str) -> (u16, Vec<(String, String)>, String) {
    let nonces = nonces(&answer.body);
    let blank = |text: &str| {
        nonces.iter().fold(text.replace(id, "ID"), |text, nonce| text.replace(nonce.as_str(), "NONCE"))
    };
    let headers = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), blank(value)))
        .collect();
    (answer.status, headers, blank(&answer.body))
}

fn nonces(body: &str) -> BTreeSet<String> {
    let values = body.split("nonce=\"").skip(1).filter_map(|rest| rest.split('"').next());
    values.filter(|value| !value.is_empty()).map(str::to_owned).collect()
}

#[tokio::test]
async fn case_25_anothers_operation_passcode_notification_and_session() {
    let program = Program::start().await;
    let (ana, ben) = (program.browser(), program.browser());
    ana.sign_in("ana").await;
    let pixel = ben.prove("ben", "Ben's Pixel").await;
    ben.reset(&pixel).await;
    program.settled().await;

    for function in ["cancel_reset", "reveal_passcode", "forget_passcode"] {
        assert_eq!(ana.call(function, &[("device", &pixel)]).await.status, 404, "{function}");
    }
    assert_eq!(ana.form(&format!("/devices/{pixel}/passcode"), &[]).await.status, 404);
    // A notification is marked by its place in one's own list, so another's is simply not in it.
    ana.call("mark_read", &[("cursor", "1000000")]).await;
    assert!(ben.get("/notifications").await.text().contains("Unread"));
    assert!(!ana.get("/notifications").await.body.contains("Pixel"));
    let session = program.newest_session().await;
    assert_eq!(ana.call("end_session", &[("session", &session)]).await.status, 404);
    assert_eq!(ben.get("/devices").await.status, 200);

    let answer = ana.reveal_by_call(&pixel).await;
    assert!(ben.reveal(&pixel).await.passcode().is_some());
    let audit =
        [&["signed_in"], &PROVEN[..], &["reset_submitted", "reset_done", "passcode_revealed"]].concat();
    program.verify(&ana, &answer, Then { status: 404, commands: 1, audit: &audit }).await;
}

#[tokio::test]
async fn case_26_device_retired_between_window_and_submit() {
    let program = Program::start().await;
    let ana = program.browser();
    let galaxy = ana.prove("ana", GALAXY).await;
    ana.call("phones/retire", &[("device", &galaxy)]).await;

    let answer = ana.reset(&galaxy).await;
    program.verify(&ana, &answer, Then { status: 404, commands: 0, audit: &PROVEN }).await;
}

#[tokio::test]
async fn case_26_device_reassigned_between_window_and_submit() {
    let program = Program::start().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let galaxy = ana.device(GALAXY).await;
    ana.sign_out_to_prove(&galaxy).await;
    ana.call("phones/give_to", &[("device", &galaxy), ("user_name", "ben")]).await;
    ana.sign_in("ana").await;

    let by_form = ana.reset_by_form(&galaxy).await;
    assert_eq!(by_form.status, 404);
    let answer = ana.reset(&galaxy).await;
    program.verify(&ana, &answer, Then { status: 404, commands: 0, audit: &PROVEN }).await;
}

#[tokio::test]
async fn case_26_device_reassigned_before_the_command_reaches_it() {
    let program = Program::start().await;
    let ana = program.browser();
    let galaxy = ana.prove("ana", GALAXY).await;
    ana.call("phones/set_online", &[("device", &galaxy), ("online", "false")]).await;
    ana.reset(&galaxy).await;
    until("the command waits for its phone", Duration::from_secs(10), async || {
        (program.told().await == 1).then_some(())
    })
    .await;
    ana.call("phones/give_to", &[("device", &galaxy), ("user_name", "ben")]).await;
    ana.call("phones/set_online", &[("device", &galaxy), ("online", "true")]).await;
    program.settled().await;

    let [(command, state)] = program.commands().await.try_into().unwrap();
    assert_eq!(state, "failed");
    assert_eq!(program.journal(command).await, ["received", "refused"]);
    let answer = ana.reveal(&galaxy).await;
    let audit = [&PROVEN[..], &["reset_submitted", "reset_failed"]].concat();
    program.verify(&ana, &answer, Then { status: 404, commands: 1, audit: &audit }).await;
}

#[tokio::test]
async fn case_27_account_disabled_inside_the_window() {
    let program = Program::start().await;
    let (ana, elsewhere) = (program.browser(), program.browser());
    elsewhere.sign_in("ana").await;
    let stream = Stream::open(&elsewhere);
    ana.sign_in("ana").await;
    let galaxy = ana.device(GALAXY).await;
    ana.sign_out_to_prove(&galaxy).await;
    let disabled = program.operate(&["user", "disable", "ana"], &[], "");
    assert!(disabled.status.success(), "{disabled:?}");

    assert_eq!(stream.closed_with(Duration::from_secs(1)), 4401);
    assert_eq!(elsewhere.get("/devices").await.leads_to.as_deref(), Some("/sign-in"));
    assert_eq!(elsewhere.reset(&galaxy).await.status, 401);
    assert_eq!(ana.remaining_millis().await, None);
    let answer = ana.sign_in("ana").await;
    assert_eq!(answer.leads_to.as_deref(), Some("/sign-in?refused=credentials"));
    let audit = [&["signed_in"], &WINDOW[..], &["person_disabled", "sign_in_failed"]].concat();
    program.verify(&ana, &answer, Then { status: 303, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_27_account_disabled_after_the_proof() {
    let program = Program::start().await;
    let ana = program.browser();
    let galaxy = ana.prove("ana", GALAXY).await;
    assert!(program.operate(&["user", "disable", "ana"], &[], "").status.success());
    let answer = ana.reset(&galaxy).await;
    assert!(program.operate(&["user", "enable", "ana"], &[], "").status.success());
    // What was proven before stays void.
    assert_eq!(ana.reset(&galaxy).await.status, 401);
    assert_eq!(ana.sign_in("ana").await.leads_to.as_deref(), Some("/devices"));
    assert_eq!(ana.reset(&galaxy).await.status, 401);
    let audit = [&PROVEN[..], &["person_disabled", "person_enabled", "signed_in", "reset_refused"]].concat();
    program.verify(&ana, &answer, Then { status: 401, commands: 0, audit: &audit }).await;
}

#[tokio::test]
async fn case_28_fields_that_nobody_asked_for() {
    let program = Program::start().await;
    let (ana, ben) = (program.browser(), program.browser());
    ben.sign_in("ben").await;
    let bens = ben.device("Ben's Pixel").await;
    let galaxy = ana.prove("ana", GALAXY).await;
    let extra =
        [("owner", "ben"), ("person", "ben"), ("state", "done"), ("__proto__[admin]", "1"), ("id", &bens)];
    let fields = [&[("device", galaxy.as_str())][..], &extra].concat();

    let answer = ana.call("reset_passcode", &fields).await;
    program.settled().await;
    let [(command, state)] = program.commands().await.try_into().unwrap();
    assert_eq!(state, "done");
    assert_eq!(program.journal(command).await, ["received", "delivered", "executed"]);
    assert!(!ben.get(&format!("/devices/{bens}")).await.text().contains("was reset"));
    assert!(ana.reveal(&galaxy).await.passcode().is_some());
    let audit =
        [&["signed_in"], &PROVEN[..], &["reset_submitted", "reset_done", "passcode_revealed"]].concat();
    program.verify(&ana, &answer, Then { status: 200, commands: 1, audit: &audit }).await;
}

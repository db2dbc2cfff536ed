//! Cases 60 to 64, what an MDM says; and 24 to 26 once more, of devices that other MDMs hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use stand_ins::{Fault, Kind};

use crate::support::{Answer, Browser, KINDS, Mdms, Program, until};
use crate::{PROVEN, assert_as_fast};

/// The four assertions: the answer, the orders that went out, the audit, and no secret anywhere.
async fn verify(
    (program, mdms): (&Program, &Mdms),
    visitor: &Browser,
    answer: &Answer,
    status: u16,
    orders: [(Kind, usize); 1],
    audit: &[&str],
) {
    assert_eq!(answer.status, status, "{answer:?}");
    for (kind, count) in orders {
        assert_eq!(mdms.orders(kind).len(), count, "{kind:?}: {:?}", mdms.orders(kind));
    }
    assert_eq!(program.audit().await, audit);
    mdms.keep_secrets(program);
    program.verify_secrets(visitor).await;
}

async fn with_mdms() -> (Mdms, Program) {
    let mdms = Mdms::start().await;
    let program = Program::start_with_mdms(&mdms, Vec::new()).await;
    (mdms, program)
}

#[tokio::test(flavor = "multi_thread")]
async fn case_24_anothers_device_on_each_mdm_is_like_an_unknown_one() {
    let (mdms, program) = with_mdms().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    for kind in KINDS {
        let bens = Mdms::bens_device(kind);
        let unknown = format!("{}.{}", kind.name(), "9".repeat(Mdms::bens_id(kind).len()));
        for function in ["device", "reset_passcode", "cancel_reset", "reveal_passcode", "forget_passcode"] {
            let known = ana.call(function, &[("device", &bens)]).await;
            let none = ana.call(function, &[("device", &unknown)]).await;
            assert_eq!((known.status, &known.body), (404, &none.body), "{kind:?} {function}");
            assert_eq!(none.status, 404);
        }
        let out = ana.form(&format!("/devices/{bens}/reset"), &[("purpose", "reset")]).await;
        assert_eq!(out.status, 404, "{out:?}");
        let both = [bens.as_str(), unknown.as_str()];
        assert_as_fast(kind.name(), async |place| {
            ana.call("device", &[("device", both[place])]).await;
        })
        .await;
    }
    for kind in KINDS {
        let answer = ana.reset(&Mdms::bens_device(kind)).await;
        verify((&program, &mdms), &ana, &answer, 404, [(kind, 0)], &["signed_in"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_25_anothers_operation_and_passcode_on_each_mdm() {
    let (mdms, program) = with_mdms().await;
    let (ana, ben) = (program.browser(), program.browser());
    ana.sign_in("ana").await;
    for kind in KINDS {
        let device = Mdms::bens_device(kind);
        ben.sign_in("ben").await;
        ben.prove_again("ben", &device).await;
        assert_eq!(ben.reset(&device).await.status, 200, "{kind:?}");
        for function in ["cancel_reset", "reveal_passcode", "forget_passcode"] {
            assert_eq!(ana.call(function, &[("device", &device)]).await.status, 404, "{kind:?} {function}");
        }
        program.settled().await;
        let shown = ana.reveal(&device).await;
        assert_eq!((shown.status, shown.passcode()), (404, None), "{kind:?}");
        assert_eq!(mdms.of(kind).executions(&Mdms::bens_id(kind)).len(), 1, "{kind:?}");
        let passcode = ben.reveal(&device).await.passcode();
        assert!(mdms.of(kind).opens(&Mdms::bens_id(kind), passcode.as_deref()), "{kind:?}");
        ben.forget(&device).await;
    }
    mdms.keep_secrets(&program);
    program.verify_secrets(&ana).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_26_a_device_retired_or_reassigned_on_each_mdm() {
    for retired in [true, false] {
        let (mdms, program) = with_mdms().await;
        let ana = program.browser();
        let mut audit = Vec::new();
        for kind in KINDS {
            let device = ana.prove_for(kind).await;
            audit.extend(PROVEN);
            match (retired, kind) {
                (true, _) => mdms.of(kind).retire(&Mdms::id(kind)),
                // It knows nobody; the device that is there now is another one.
                (false, Kind::NanoMdm) => mdms.of(kind).change_serial(&Mdms::id(kind), "S-of-nobody"),
                (false, _) => mdms.of(kind).give_to(&Mdms::id(kind), "ben@example.com"),
            }
            mdms.of(kind).advance().await;
            let answer = ana.reset(&device).await;
            verify((&program, &mdms), &ana, &answer, 404, [(kind, 0)], &audit).await;
            assert_eq!(program.submitted().await, 0);
        }
    }
}

async fn post(program: &Program, body: &[u8], signature: Option<&str>) -> Answer {
    let browser = program.browser();
    let headers: Vec<(&str, &str)> =
        signature.iter().map(|signature| ("x-hmac-signature", *signature)).collect();
    browser.raw(Method::POST, "/webhooks/nanomdm", &headers, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn case_60_an_unsigned_webhook_or_one_of_a_wrong_key() {
    let (mdms, program) = with_mdms().await;
    let ana = program.browser();
    let device = ana.prove_for(Kind::NanoMdm).await;
    mdms.of(Kind::NanoMdm).set_online(&Mdms::id(Kind::NanoMdm), false);
    ana.reset(&device).await;
    until("it is sent", Duration::from_secs(20), async || {
        (program.commands().await[0].1 == "sent").then_some(())
    })
    .await;
    let (command, _) = program.commands().await[0];
    let id = Mdms::id(Kind::NanoMdm);
    let more = [("Status", "Acknowledged"), ("CommandUUID", &*command.to_string())];
    let (body, right) = mdms.of(Kind::NanoMdm).event("mdm.Connect", &id, &more);
    let mut other = right.clone();
    other.replace_range(..1, if right.starts_with('A') { "B" } else { "A" });
    let mut changed = body.clone();
    *changed.last_mut().unwrap() = b' ';
    for (body, signature) in [
        (&body, None),
        (&body, Some(other.as_str())),
        (&body, Some("")),
        (&body, Some("not base64!")),
        (&body, Some(&right[..right.len() / 2])),
        (&changed, Some(right.as_str())),
    ] {
        assert_eq!(post(&program, body, signature).await.status, 401, "{signature:?}");
    }
    // Another fleet's key, and one that tells nothing, prove nothing.
    for fleet in ["intune", "android", "fleet", "virtual", "nobody"] {
        let path = format!("/webhooks/{fleet}");
        let answer = ana.raw(Method::POST, &path, &[("x-hmac-signature", &right)], &body).await;
        assert_eq!(answer.status, 404, "{fleet}");
    }
    assert_eq!(program.commands().await[0].1, "sent");
    let answer = post(&program, &body, None).await;
    let audit = [&PROVEN[..], &["reset_submitted"]].concat();
    verify((&program, &mdms), &ana, &answer, 401, [(Kind::NanoMdm, 1)], &audit).await;
    // The same, signed: so it was the signature.
    assert_eq!(post(&program, &body, Some(&right)).await.status, 200);
    assert_eq!(program.commands().await[0].1, "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_61_webhooks_twice_in_another_order_late_and_of_unknown_commands() {
    let (mdms, program) = with_mdms().await;
    let (ana, mdm, id) = (program.browser(), mdms.of(Kind::NanoMdm), Mdms::id(Kind::NanoMdm));
    let device = ana.prove_for(Kind::NanoMdm).await;
    mdm.not_now(&id, true);
    ana.reset(&device).await;
    until("it is put off", Duration::from_secs(20), async || {
        (program.commands().await[0].1 == "waiting").then_some(())
    })
    .await;
    let (command, _) = program.commands().await[0];
    let say = async |topic: &str, of: &str, status: &str, command: &str| {
        let more = [("Status", status), ("CommandUUID", command)];
        let (body, signature) = mdm.event(topic, of, &more);
        assert_eq!(post(&program, &body, Some(&signature)).await.status, 200, "{status} {command}");
    };
    let (mine, somebodys) = (command.to_string(), "00000000-0000-7000-8000-000000000000");
    // Of nothing that we know, of another program, of another device: heard, and without a consequence.
    say("mdm.Connect", &id, "Acknowledged", somebodys).await;
    say("mdm.Connect", &id, "Error", "another program's").await;
    say("mdm.Connect", &Mdms::bens_id(Kind::NanoMdm), "Acknowledged", &mine).await;
    say("mdm.Connect", &id, "Idle", "").await;
    assert_eq!(program.commands().await[0].1, "waiting");

    mdm.not_now(&id, false);
    mdm.advance().await;
    program.settled().await;
    assert_eq!(program.commands().await[0].1, "done");
    let audit = program.audit().await;
    for status in ["NotNow", "Error", "CommandFormatError", "Acknowledged"] {
        say("mdm.Connect", &id, status, &mine).await;
    }
    mdm.repeat_events().await;
    assert_eq!(program.commands().await[0].1, "done");
    assert_eq!(program.news_of(command).await, ["passcode_reset"]);
    // What it said of its enrolment, said again the other way round, has cost it nothing either.
    let again = ana.prove_for(Kind::NanoMdm).await;
    assert_eq!(ana.reset(&again).await.status, 200);
    program.settled().await;
    assert_eq!((mdms.executions(Kind::NanoMdm), mdm.wrong_tokens(&id)), (2, 0));
    let answer = ana.get("/notifications").await;
    let audit: Vec<&str> =
        audit.iter().map(String::as_str).chain(PROVEN).chain(["reset_submitted", "reset_done"]).collect();
    verify((&program, &mdms), &ana, &answer, 200, [(Kind::NanoMdm, 2)], &audit).await;
}

/// A signed event around a property list that would cost us.
fn around(plist: &str) -> Vec<u8> {
    let payload = STANDARD.encode(plist);
    let ids = "{\"id\":\"ana-nanomdm\",\"type\":\"Device\"}";
    format!(
        "{{\"topic\":\"mdm.TokenUpdate\",\"event_id\":\"1\",\"created_at\":\"2030-01-01T00:00:00Z\",\
         \"checkin_event\":{{\"ids\":{ids},\"udid\":\"ana-nanomdm\",\"raw_payload\":\"{payload}\",\"token_update_tally\":1}}}}"
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::disallowed_methods, reason = "measures how long an answer takes")]
async fn case_62_property_lists_that_cost_time_or_memory() {
    let (mdms, program) = with_mdms().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let entities: String = (1..20)
        .map(|n| format!("<!ENTITY e{n} \"&e{0};&e{0};&e{0};&e{0};&e{0};&e{0};&e{0};&e{0};\">", n - 1))
        .collect::<Vec<_>>()
        .concat();
    let attributes = (0..80_000).fold(String::new(), |all, n| all + &format!(" a{n}=''"));
    let plists = [
        format!("<!DOCTYPE plist [<!ENTITY e0 \"ha\">{entities}]><plist version=\"1.0\"><dict><key>k</key><string>&e19;</string></dict></plist>"),
        "<!DOCTYPE plist [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><plist version=\"1.0\"><dict><key>k</key><string>&x;</string></dict></plist>".to_owned(),
        format!("<plist version=\"1.0\"><dict><key>k</key>{}{}</dict></plist>", "<array>".repeat(10_000), "</array>".repeat(10_000)),
        format!("<plist version=\"1.0\"><dict{attributes}></dict></plist>"),
        "<plist version=\"1.0\"><dict><key>k</key>".to_owned(),
        "<html>Login</html>".to_owned(),
        "bplist00".to_owned(),
    ];
    let mut answer = None;
    for plist in &plists {
        let body = around(plist);
        let signature = mdms.of(Kind::NanoMdm).sign(&body);
        // The best of a few: others have work for this machine as well.
        let mut took = Duration::MAX;
        for _ in 0..5 {
            let began = Instant::now();
            let refused = post(&program, &body, Some(&signature)).await;
            took = took.min(began.elapsed());
            assert_eq!(refused.status, 400, "{}", &plist[..plist.len().min(60)]);
            answer = Some(refused);
        }
        assert!(took < Duration::from_millis(50), "{took:?} for {}", &plist[..plist.len().min(60)]);
    }
    // Neither is JSON of any depth, nor what is larger than anything.
    for (body, status) in
        [(b"{\"a\":".repeat(30_000), 400), (b"[".repeat(200_000), 400), (vec![b' '; 5 * 1024 * 1024], 413)]
    {
        let signature = mdms.of(Kind::NanoMdm).sign(&body);
        assert_eq!(post(&program, &body, Some(&signature)).await.status, status);
    }
    verify((&program, &mdms), &ana, &answer.unwrap(), 400, [(Kind::NanoMdm, 0)], &["signed_in"]).await;
}

/// Counts whoever comes by.
async fn trap() -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let visits = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&visits);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    (url, visits)
}

#[tokio::test(flavor = "multi_thread")]
async fn case_63_mdms_that_redirect_to_metadata_or_loopback() {
    let (mdms, program) = with_mdms().await;
    let (ana, (trap, visits)) = (program.browser(), trap().await);
    let mut audit = Vec::new();
    for kind in KINDS {
        let device = ana.prove_for(kind).await;
        audit.extend(PROVEN);
        for to in [format!("{trap}/latest/meta-data/"), "http://169.254.169.254/latest/meta-data/".to_owned()]
        {
            mdms.of(kind).suffer(Fault::Redirect(to), usize::MAX);
            // NanoMDM is asked for nothing before the order.
            let answer = ana.reset(&device).await;
            assert_eq!(answer.status, if kind == Kind::NanoMdm { 200 } else { 503 }, "{kind:?} {answer:?}");
            if kind == Kind::NanoMdm {
                audit.push("reset_submitted");
                break;
            }
            mdms.of(kind).recover();
        }
    }
    // Whatever is tried again meanwhile is tried there as well.
    until("it was tried again", Duration::from_secs(20), async || {
        (mdms.orders(Kind::NanoMdm).len() > 1).then_some(())
    })
    .await;
    assert_eq!(visits.load(Ordering::Relaxed), 0);
    mdms.of(Kind::NanoMdm).recover();
    program.settled().await;
    assert_eq!(mdms.executions(Kind::NanoMdm), 1);
    audit.push("reset_done");
    let answer = ana.get("/devices").await;
    verify((&program, &mdms), &ana, &answer, 200, [(Kind::Intune, 0)], &audit).await;
    assert_eq!(visits.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_64_answers_that_are_html_huge_half_or_about_another_device() {
    for fault in [Fault::Html, Fault::Huge, Fault::HalfJson, Fault::AnotherDevice] {
        let (mdms, program) = with_mdms().await;
        let ana = program.browser();
        let mut audit = Vec::new();
        for kind in [Kind::Intune, Kind::Android, Kind::Fleet] {
            let device = ana.prove_for(kind).await;
            audit.extend(PROVEN);
            mdms.of(kind).suffer(fault.clone(), usize::MAX);
            let answer = ana.reset(&device).await;
            assert!(matches!(answer.status, 404 | 503), "{kind:?} {fault:?} {answer:?}");
            mdms.of(kind).recover();
            assert!(mdms.orders(kind).is_empty(), "{kind:?} {fault:?}");
        }
        let answer = ana.get("/devices").await;
        verify((&program, &mdms), &ana, &answer, 200, [(Kind::Intune, 0)], &audit).await;
        assert_eq!(program.submitted().await, 0);
        // NanoMDM says nothing but whether it has the command: one of which it says nothing sensible is sent again under
        // the same name, and done once.
        let device = ana.prove_for(Kind::NanoMdm).await;
        mdms.suffer_on_order(Kind::NanoMdm, fault.clone());
        assert_eq!(ana.reset(&device).await.status, 200);
        program.settled().await;
        assert_eq!(mdms.executions(Kind::NanoMdm), 1, "{fault:?}");
        assert_eq!(program.commands().await.len(), 1);
    }
}

/// The same when the answer is to the order itself.
#[tokio::test(flavor = "multi_thread")]
async fn case_64_orders_that_are_answered_with_nonsense() {
    for fault in [Fault::Html, Fault::Huge, Fault::HalfJson, Fault::AnotherDevice] {
        let mdms = Mdms::start().await;
        let program = Program::start_with_mdms(&mdms, Vec::new()).await;
        let ana = program.browser();
        for kind in [Kind::Android, Kind::Fleet] {
            let device = ana.prove_for(kind).await;
            mdms.suffer_on_order(kind, fault.clone());
            assert_eq!(ana.reset(&device).await.status, 200, "{kind:?} {fault:?}");
        }
        program.settled().await;
        let states: Vec<String> = program.commands().await.into_iter().map(|(_, state)| state).collect();
        // Fleet may have done it, and can never be asked.
        let of_fleet = if fault == Fault::AnotherDevice { ["done", "failed"] } else { ["failed", "failed"] };
        assert!(states[0] == "done" && of_fleet.contains(&states[1].as_str()), "{fault:?}: {states:?}");
        assert!(mdms.executions(Kind::Fleet) <= 1 && mdms.executions(Kind::Android) >= 1, "{fault:?}");
        let shown = ana.reveal(&Mdms::device(Kind::Android)).await.passcode();
        assert!(mdms.of(Kind::Android).opens(&Mdms::id(Kind::Android), shown.as_deref()), "{fault:?}");
        mdms.keep_secrets(&program);
        program.verify_secrets(&ana).await;
    }
}

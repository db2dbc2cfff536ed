//! Cases 66 and 68: what is written down of everybody.

use std::process::Output;

use crate::support::{GALAXY, Portal, Program, Provider, Then};
use crate::{PROVEN, reset};

fn operate(program: &Program, words: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = program.operate(words, &[], "");
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

#[tokio::test]
async fn case_66_an_administrator_reads_no_passcode() {
    let program = Program::start().await;
    let (ana, ira) = (program.browser(), program.browser());
    let galaxy = reset(&program, &ana, GALAXY).await;
    ira.sign_in("ira").await;
    assert_eq!(ira.get(&format!("/devices/{galaxy}")).await.status, 404);
    assert_eq!(ira.reveal_by_call(&galaxy).await.status, 404);
    let answer = ira.reveal(&galaxy).await;
    assert_eq!(answer.passcode(), None);
    // Nor does what an operator may read of everybody.
    assert!(ana.reveal(&galaxy).await.passcode().is_some());
    for format in ["json", "csv"] {
        let (code, rows) = operate(&program, &["audit", "export", "--format", format]);
        assert_eq!(code, Some(0));
        assert!(rows.contains("passcode_revealed"));
        for secret in program.secrets.lock().unwrap().iter() {
            assert!(!rows.contains(secret), "{secret}");
        }
    }
    let audit = [&PROVEN[..], &["reset_submitted", "reset_done", "signed_in", "passcode_revealed"]].concat();
    program.verify(&ira, &answer, Then { status: 404, commands: 1, audit: &audit }).await;
}

#[tokio::test]
async fn case_66_the_audit_is_added_to_and_nothing_else() {
    let program = Program::start().await;
    let ana = program.browser();
    reset(&program, &ana, GALAXY).await;
    let (code, verified) = operate(&program, &["audit", "verify"]);
    assert_eq!(code, Some(0), "{verified}");
    let last = verified.trim().rsplit(' ').next().unwrap();
    for statement in ["UPDATE audit SET device = '' WHERE event = 'window_proven'", "DELETE FROM audit"] {
        assert!(program.portal.change(statement, statement).await.is_err(), "{statement}");
    }
    assert!(!Portal::is_on_postgres() || program.portal.change("", "TRUNCATE audit").await.is_err());
    let (code, verified) = operate(&program, &["audit", "verify", "--after", last]);
    assert_eq!(code, Some(0), "{verified}");
    let answer = ana.get("/account").await;
    let text = answer.text();
    for happened in ["Signed back in within the five minutes", "The passcode was reset", GALAXY] {
        assert!(text.contains(happened), "{text}");
    }
    let ben = program.browser();
    ben.sign_in("ben").await;
    assert!(!ben.get("/account").await.text().contains("The passcode was reset"));
    let audit = [&PROVEN[..], &["reset_submitted", "reset_done", "signed_in"]].concat();
    program.verify(&ana, &answer, Then { status: 200, commands: 1, audit: &audit }).await;
}

/// Whoever may write to the file may do anything, and is found out.
#[tokio::test]
async fn case_66_tampering_with_the_audit_is_detected() {
    const CHANGED: &str = "row 5 of the audit is not as it was written";
    const LATER: &str = "UPDATE audit SET at = at - interval '1 minute' WHERE seq = 5";
    const NOBODY: &str = "UPDATE audit SET person = '00000000-0000-0000-0000-000000000000' WHERE seq = 5";
    const HEAD: &str = "UPDATE audit_head SET link = decode(repeat('00', 32), 'hex')";
    let same = |statement, found| (statement, statement, found);
    let tampered = [
        ("UPDATE audit SET at = at - 60000 WHERE seq = 5", LATER, CHANGED),
        ("UPDATE audit SET person = zeroblob(16) WHERE seq = 5", NOBODY, CHANGED),
        same("UPDATE audit SET event = 'signed_in' WHERE seq = 5", CHANGED),
        same("UPDATE audit SET link = NULL WHERE seq = 5", "row 5 of the audit has no link"),
        same("DELETE FROM audit WHERE seq = 5", "row 5 of the audit is missing"),
        same(
            "DELETE FROM audit WHERE seq >= 5",
            "row 5 of the audit is missing, and so is what came after it",
        ),
        same(
            "UPDATE audit SET seq = -seq WHERE seq IN (5, 6); UPDATE audit SET seq = 11 + seq WHERE seq < 0",
            CHANGED,
        ),
        ("UPDATE audit_head SET link = zeroblob(32)", HEAD, "is not the one that stood there"),
    ];
    for (sqlite, postgres, found) in tampered {
        let program = Program::start().await;
        let ana = program.browser();
        let answer = ana.sign_in("ana").await;
        ana.form("/sign-out", &[]).await;
        ana.sign_in("ana").await;
        let no_trigger = "ALTER TABLE audit DISABLE TRIGGER USER";
        for trigger in ["DROP TRIGGER audit_is_not_changed", "DROP TRIGGER audit_is_not_erased"] {
            program.portal.change(trigger, no_trigger).await.unwrap();
        }
        program.portal.change(sqlite, postgres).await.unwrap();
        let (code, said) = operate(&program, &["audit", "verify"]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(found), "{sqlite}: {said}");
        assert_eq!((answer.status, program.submitted().await), (303, 0));
        program.verify_secrets(&ana).await;
    }
}

#[tokio::test]
async fn case_68_a_formula_in_an_export() {
    let provider = Provider::start().await;
    let program = Program::start_with(provider.settings("work")).await;
    let ana = program.browser();
    let asked = provider.asked(&ana.ask_provider("work").await);
    let name = "=HYPERLINK(\"http://example.com\")";
    let claims = provider.honest(&asked, name);
    let answer = ana.get(&provider.answer(&asked, &claims)).await;
    assert_eq!(answer.leads_to.as_deref(), Some("/devices"));
    let (code, rows) = operate(&program, &["audit", "export", "--format", "csv"]);
    assert_eq!(code, Some(0));
    let mut reader = csv::Reader::from_reader(rows.as_bytes());
    let cells: Vec<String> =
        reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()).collect();
    assert!(cells.iter().any(|cell| cell.starts_with(&format!("'{name}"))), "{rows}");
    assert!(cells.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{rows}");
    program.verify(&ana, &answer, Then { status: 303, commands: 0, audit: &["signed_in"] }).await;
}

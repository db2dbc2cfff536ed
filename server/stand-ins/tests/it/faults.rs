//! What goes wrong on the way.

use std::time::Duration;

use serde_json::Value;
use stand_ins::{Fault, Kind, System};

use crate::story::{Story, ana};

#[tokio::test]
async fn faults_come_in_order_and_the_journal_tells() {
    let story = Story::of(Kind::Fleet, None).await;
    story.it.add(ana("7", System::Ios));
    let url = format!("{}/api/v1/fleet/hosts/7/clear_passcode", story.it.url);
    let post = || story.client.post(&url).bearer_auth(&story.settings["token"]).send();
    story.it.suffer_on("GET", Fault::Status(500), usize::MAX);
    for fault in
        [Fault::Cut, Fault::CutAfter, Fault::Throttle { retry_after: 7 }, Fault::Html, Fault::HalfJson]
    {
        story.it.suffer(fault, 1);
    }
    story.it.suffer(Fault::Redirect("http://127.0.0.1:9/".to_owned()), 1);
    assert!(post().await.is_err());
    assert!(post().await.is_err());
    assert_eq!(post().await.unwrap().headers()["retry-after"], "7");
    assert!(post().await.unwrap().text().await.unwrap().starts_with("<!doctype html>"));
    assert!(post().await.unwrap().json::<Value>().await.is_err());
    assert_eq!(post().await.unwrap().status(), 307);
    story.it.recover();
    let statuses: Vec<u16> = story.it.journal().iter().map(|entry| entry.status).collect();
    assert_eq!(statuses, [0, 0, 429, 200, 200, 307]);
    story.later(300).await;
    assert_eq!(story.it.executions("7").len(), 2);
}

#[tokio::test]
async fn a_client_that_went_away_does_not_undo_what_it_asked_for() {
    let story = Story::of(Kind::Fleet, None).await;
    story.it.add(ana("7", System::Ios));
    let url = format!("{}/api/v1/fleet/hosts/7/clear_passcode", story.it.url);
    let post =
        || story.client.post(&url).bearer_auth(&story.settings["token"]).timeout(Duration::from_millis(100));
    let slow = Duration::from_millis(200);
    for fault in [Fault::Slow(slow), Fault::SlowAfter(slow)] {
        story.it.suffer(fault, 1);
        assert!(post().send().await.unwrap_err().is_timeout());
        tokio::time::sleep(slow).await;
    }
    story.later(300).await;
    assert_eq!(story.it.executions("7").len(), 2);
    story.it.suffer(Fault::Huge, 1);
    let huge = post().timeout(Duration::from_secs(5)).send().await.unwrap();
    assert!(huge.bytes().await.unwrap().len() > 8 << 20);
}

#[tokio::test]
async fn secrets_are_those_that_settings_and_answers_hold() {
    for kind in Kind::ALL {
        let story = Story::of(kind, None).await;
        story.it.add(ana("7", System::Ios));
        let secrets = story.it.secrets();
        assert!(secrets.iter().all(|secret| secret.len() > 20), "{kind:?}");
        let told = match kind {
            Kind::Intune => &story.settings["client_secret"],
            Kind::NanoMdm => &story.settings["api_key"],
            Kind::Fleet => &story.settings["token"],
            Kind::Android => &std::fs::read_to_string(&story.settings["service_account_file"]).unwrap(),
        };
        assert!(secrets.iter().any(|secret| told.contains(secret)), "{kind:?}");
    }
}

//! NanoMDM and its webhook.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use plist::Value as Plist;
use reqwest::Method;
use serde_json::Value;
use stand_ins::{Kind, System};

use crate::story::{Story, ana};

#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Vec<(String, Value)>>>);

impl Receiver {
    async fn start() -> (Self, String) {
        let receiver = Self::default();
        let take = |State(receiver): State<Self>, headers: HeaderMap, body: String| async move {
            let signature = headers["x-hmac-signature"].to_str().unwrap().to_owned();
            receiver.0.lock().unwrap().push((signature, serde_json::from_str(&body).unwrap()));
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let router = axum::Router::new().route("/", post(take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (receiver, url)
    }

    /// Topic and status of every event so far, and the payload of the last.
    fn seen(&self) -> (Vec<String>, plist::Dictionary) {
        let events = self.0.lock().unwrap();
        let name = |event: &Value| match event["acknowledge_event"]["status"].as_str() {
            Some(status) => status.to_owned(),
            None => event["topic"].as_str().unwrap().to_owned(),
        };
        let last = &events.last().unwrap().1;
        let payload = last["checkin_event"]["raw_payload"].as_str();
        let payload = payload.or(last["acknowledge_event"]["raw_payload"].as_str()).unwrap();
        let payload = Plist::from_reader_xml(STANDARD.decode(payload).unwrap().as_slice()).unwrap();
        (events.iter().map(|(_, event)| name(event)).collect(), payload.into_dictionary().unwrap())
    }
}

fn clear_passcode(uuid: &str, token: &[u8]) -> Vec<u8> {
    let command = plist::Dictionary::from_iter([
        ("RequestType", Plist::from("ClearPasscode")),
        ("UnlockToken", Plist::Data(token.to_vec())),
    ]);
    let plist =
        plist::Dictionary::from_iter([("Command", Plist::Dictionary(command)), ("CommandUUID", uuid.into())]);
    let mut body = Vec::new();
    Plist::Dictionary(plist).to_writer_xml(&mut body).unwrap();
    body
}

fn basic(story: &Story) -> String {
    format!("Basic {}", STANDARD.encode(format!("nanomdm:{}", story.settings["api_key"])))
}

#[tokio::test]
async fn nanomdm_clears_a_passcode_with_the_newest_token_only() {
    let (receiver, url) = Receiver::start().await;
    let story = Story::of(Kind::NanoMdm, Some((url, "key".to_owned()))).await;
    story.it.add(ana("udid", System::Ios));
    story.later(0).await;
    let (names, payload) = receiver.seen();
    assert_eq!(names, ["mdm.Authenticate", "mdm.TokenUpdate"]);
    let token = payload.get("UnlockToken").unwrap().as_data().unwrap().to_vec();
    let (auth, path) = (basic(&story), "/v1/enqueue/udid?nopush=1");
    for (uuid, token) in [("one", token.as_slice()), ("two", b"wrong".as_slice())] {
        assert_eq!(story.ask(Method::PUT, path, &auth, clear_passcode(uuid, token)).await.status(), 200);
        story.later(300).await;
        assert!(story.it.opens("udid", None));
    }
    assert_eq!(receiver.seen().0[2..], ["Idle", "Acknowledged", "Idle", "Error"]);
    assert!(receiver.seen().1.contains_key("ErrorChain"));
    assert_eq!((story.it.executions("udid").len(), story.it.wrong_tokens("udid")), (1, 1));
    let again = story.ask(Method::PUT, path, &auth, clear_passcode("one", &token)).await;
    assert_eq!(again.status(), 500);
    assert_eq!(again.json::<Value>().await.unwrap()["command_error"], "command already exists");
    assert_eq!(story.ask(Method::PUT, path, "Basic no", "").await.text().await.unwrap(), "Unauthorized\n");
}

#[tokio::test]
async fn nanomdm_keeps_its_traps() {
    let (receiver, url) = Receiver::start().await;
    let story = Story::of(Kind::NanoMdm, Some((url, "key".to_owned()))).await;
    story.it.add(ana("udid", System::Ios));
    let auth = basic(&story);
    let (status, pushed) = {
        let response = story.ask(Method::PUT, "/v1/enqueue/udid", &auth, clear_passcode("one", b"x")).await;
        (response.status(), response.json::<Value>().await.unwrap())
    };
    assert_eq!(status, 500);
    assert!(pushed["push_error"].is_string() && pushed.get("command_error").is_none());
    story.it.not_now("udid", true);
    story.later(300).await;
    story.later(1).await;
    tokio::time::sleep(Duration::from_millis(120)).await;
    assert_eq!(receiver.seen().0[2..], ["Idle", "NotNow", "Idle", "NotNow"]);
    story.it.enrol_again("udid");
    story.it.not_now("udid", false);
    story.later(1000).await;
    assert_eq!(receiver.seen().0[6..], ["mdm.Authenticate", "mdm.TokenUpdate"]);
    let unknown =
        story.ask(Method::PUT, "/v1/enqueue/nobody?nopush=1", &auth, clear_passcode("two", b"x")).await;
    assert_eq!(unknown.status(), 200);
    story.it.repeat_events().await;
    assert_eq!(receiver.seen().0.len(), 16);
    let (body, signature) =
        story.it.event("mdm.Connect", "udid", &[("Status", "Acknowledged"), ("CommandUUID", "one")]);
    assert_eq!(signature, story.it.sign(&body));
    let event: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(event["acknowledge_event"]["command_uuid"], "one");
}

#[tokio::test]
async fn nanomdm_holds_and_loses_events() {
    let (receiver, url) = Receiver::start().await;
    let story = Story::of(Kind::NanoMdm, Some((url, "key".to_owned()))).await;
    story.it.hold_events(true);
    story.it.add(ana("udid", System::Ios));
    story.later(0).await;
    assert!(receiver.0.lock().unwrap().is_empty());
    story.it.hold_events(false);
    story.it.wait_until_idle().await;
    story.it.lose_events(true);
    story.it.retire("udid");
    story.it.lose_events(false);
    story.it.enrol_again("udid");
    story.it.drop_token("udid");
    story.it.send_token_update("udid");
    story.later(0).await;
    let (names, last) = receiver.seen();
    let enrolment = ["mdm.Authenticate", "mdm.TokenUpdate"];
    assert_eq!(names, [&enrolment[..], &enrolment[..], &["mdm.TokenUpdate"]].concat());
    assert!(!last.contains_key("UnlockToken"));
    let events = receiver.0.lock().unwrap();
    assert!(events.iter().all(|(signature, _)| !signature.is_empty()));
}

//! Fleet.

use reqwest::Method;
use serde_json::json;
use stand_ins::{Fault, Kind, Phone, Ready, System};

use crate::story::{Story, ana};

#[tokio::test]
async fn fleet_searches_clears_and_refuses() {
    let story = Story::of(Kind::Fleet, None).await;
    story.it.add(ana("7", System::Android));
    story.it.add(Phone::new("8", "phone 8", System::Ios, "dana@example.com").ready(Ready::Personal));
    let bearer = format!("Bearer {}", story.settings["token"]);
    let (_, hosts) = story.json(Method::GET, "/api/v1/fleet/hosts?query=ana@example.com", &bearer, "").await;
    assert_eq!(hosts["hosts"].as_array().unwrap().len(), 2);
    let (status, refusal) =
        story.json(Method::POST, "/api/v1/fleet/hosts/8/clear_passcode", &bearer, "").await;
    assert_eq!((status, refusal["errors"][0]["name"].as_str()), (422, Some("base")));
    let (_, accepted) = story.json(Method::POST, "/api/v1/fleet/hosts/7/clear_passcode", &bearer, "").await;
    let results =
        format!("/api/v1/fleet/commands/results?command_uuid={}", accepted["command_uuid"].as_str().unwrap());
    assert_eq!(story.json(Method::GET, &results, &bearer, "").await.1, json!({}));
    story.later(300).await;
    story.it.suffer(Fault::AnotherDevice, 1);
    let (_, other) = story.json(Method::GET, &results, &bearer, "").await;
    assert_eq!(other["results"][0]["host_uuid"], "another-device");
    let (_, done) = story.json(Method::GET, &results, &bearer, "").await;
    assert_eq!(
        (&done["results"][0]["status"], &done["results"][0]["host_uuid"]),
        (&json!("Acknowledged"), &json!("uuid-of-7"))
    );
    assert!(story.it.opens("7", None));
}

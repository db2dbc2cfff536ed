//! Microsoft Intune through Microsoft Graph.

use std::sync::atomic::Ordering;

use jsonwebtoken::{Algorithm, Header};
use reqwest::Method;
use serde_json::{Value, json};
use stand_ins::{Kind, System};

use crate::android::signed;
use crate::story::{START, Story, ana};

async fn intune_token(story: &Story, secret: &str) -> (u16, Value) {
    let form = [
        ("client_id", story.settings["client_id"].as_str()),
        ("client_secret", secret),
        ("scope", &format!("{}/.default", story.it.url)),
        ("grant_type", "client_credentials"),
    ];
    let url = format!("{}/{}/oauth2/v2.0/token", story.it.url, story.settings["tenant"]);
    let response = story.client.post(url).form(&form).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn intune_bearer(story: &Story) -> String {
    let (_, token) = intune_token(story, &story.settings["client_secret"]).await;
    format!("Bearer {}", token["access_token"].as_str().unwrap())
}

#[tokio::test]
async fn intune_resets_and_tells_the_passcode_only_on_the_device() {
    let story = Story::of(Kind::Intune, None).await;
    story.it.add(ana("a", System::Android));
    let bearer = intune_bearer(&story).await;
    let device = "/v1.0/deviceManagement/managedDevices/a";
    let response = story.ask(Method::POST, &format!("{device}/resetPasscode"), &bearer, "").await;
    assert_eq!(response.status(), 204);
    assert!(response.headers().contains_key("request-id"));
    let results = format!("{device}?$select=deviceActionResults");
    let (_, before) = story.json(Method::GET, &results, &bearer, "").await;
    assert_eq!(before["deviceActionResults"][0]["actionState"], "pending");
    assert!(before.get("id").is_none());
    story.later(300).await;
    let (_, after) = story.json(Method::GET, &results, &bearer, "").await;
    let result = &after["deviceActionResults"][0];
    assert_eq!(result["actionState"], "done");
    assert_eq!(result["startDateTime"], "2026-09-21T14:13:20Z");
    assert!(story.it.opens("a", result["passcode"].as_str()));
    assert_eq!(story.it.executions("a").len(), 1);
    let (_, list) =
        story.json(Method::GET, "/v1.0/users/user-of-ana%40example.com/managedDevices", &bearer, "").await;
    assert_eq!(list["value"][0]["id"], "a");
    assert!(list["value"][0].get("deviceActionResults").is_none());
}

#[tokio::test]
async fn intune_pages_and_one_of_them_is_empty() {
    let story = Story::of(Kind::Intune, None).await;
    for id in ["a", "b", "c", "d", "e"] {
        story.it.add(ana(id, System::Ios));
    }
    let bearer = intune_bearer(&story).await;
    let mut path = Some("/v1.0/users/ana%40example.com/managedDevices?$select=id".to_owned());
    let mut sizes = Vec::new();
    while let Some(next) = path {
        let (_, page) = story.json(Method::GET, &next, &bearer, "").await;
        sizes.push(page["value"].as_array().unwrap().len());
        path =
            page["@odata.nextLink"].as_str().map(|link| link.strip_prefix(&story.it.url).unwrap().to_owned());
    }
    assert_eq!(sizes, [2, 0, 2, 1]);
    let by_serial = "/v1.0/deviceManagement/managedDevices?$filter=serialNumber%20eq%20'S-d'";
    let (_, found) = story.json(Method::GET, by_serial, &bearer, "").await;
    assert_eq!(found["value"][0]["id"], "d");
    assert_eq!(found["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn intune_refuses_in_its_own_ways() {
    let story = Story::of(Kind::Intune, None).await;
    story.it.add(ana("mac", System::MacOs));
    let (status, refusal) = intune_token(&story, "wrong").await;
    assert_eq!((status, refusal["error"].as_str()), (401, Some("invalid_client")));
    assert!(refusal["error_description"].as_str().unwrap().starts_with("AADSTS7000215"));
    let bearer = intune_bearer(&story).await;
    let device = "/v1.0/deviceManagement/managedDevices/mac";
    let (status, refusal) = story.json(Method::POST, &format!("{device}/resetPasscode"), &bearer, "").await;
    assert_eq!(status, 400);
    assert!(serde_json::from_str::<Value>(refusal["error"]["message"].as_str().unwrap()).is_ok());
    let unknown = story.ask(Method::GET, "/v1.0/users/nobody/managedDevices", &bearer, "").await;
    assert_eq!(unknown.status(), 404);
    story.now.fetch_add(3_599_000, Ordering::SeqCst);
    assert_eq!(story.ask(Method::GET, device, &bearer, "").await.status(), 401);
    let bearer = intune_bearer(&story).await;
    story.it.forbid(true);
    assert_eq!(story.ask(Method::GET, device, &bearer, "").await.status(), 403);
    story.it.set_credentials_wrong(true);
    assert_eq!(story.ask(Method::GET, device, &bearer, "").await.status(), 401);
    assert_eq!(intune_token(&story, &story.settings["client_secret"]).await.0, 401);
}

/// Another certificate credential than the registered one would name another thumbprint.
fn assertion(story: &Story, x5t: &str) -> String {
    let (_, key) = story.it.certificate_files();
    let client = &story.settings["client_id"];
    let claims = json!({
        "iss": client, "sub": client, "jti": "once", "nbf": START / 1000, "exp": START / 1000 + 600,
        "aud": format!("{}/{}/oauth2/v2.0/token", story.it.url, story.settings["tenant"]),
    });
    let mut header = Header::new(Algorithm::RS256);
    header.x5t = Some(x5t.to_owned());
    signed(&header, &claims, &std::fs::read_to_string(key).unwrap())
}

#[tokio::test]
async fn intune_takes_a_certificate_instead_of_the_secret() {
    let story = Story::of(Kind::Intune, None).await;
    let url = format!("{}/{}/oauth2/v2.0/token", story.it.url, story.settings["tenant"]);
    for (x5t, status) in [("fRDCXZG0uWrIdMsPuMIUioor1nI", 200), ("AAAAXZG0uWrIdMsPuMIUioor1nI", 401)] {
        let form = [
            ("client_id", story.settings["client_id"].as_str()),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion(&story, x5t)),
            ("scope", &format!("{}/.default", story.it.url)),
            ("grant_type", "client_credentials"),
        ];
        assert_eq!(story.client.post(&url).form(&form).send().await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn intune_keeps_only_the_newest_result_though_both_resets_happen() {
    let story = Story::of(Kind::Intune, None).await;
    story.it.add(ana("a", System::WindowsPhone81));
    let bearer = intune_bearer(&story).await;
    let device = "/v1.0/deviceManagement/managedDevices/a";
    for _ in 0..2 {
        story.ask(Method::POST, &format!("{device}/resetPasscode"), &bearer, "").await;
        story.now.fetch_add(1000, Ordering::SeqCst);
    }
    story.later(0).await;
    let (_, it) = story.json(Method::GET, device, &bearer, "").await;
    let results = it["deviceActionResults"].as_array().unwrap();
    assert_eq!((results.len(), story.it.executions("a").len()), (1, 2));
    let passcode = results[0]["passcode"].as_str().unwrap();
    assert!(story.it.opens("a", Some(passcode)) && passcode.chars().all(|digit| digit.is_ascii_digit()));
    story.it.retire("a");
    assert_eq!(story.ask(Method::GET, device, &bearer, "").await.status(), 404);
}

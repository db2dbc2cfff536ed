//! The Android Management API.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};
use stand_ins::{Kind, Ready, System};

use crate::story::{START, Story, ana};

fn service_account(story: &Story, changes: Value) -> String {
    let file = std::fs::read_to_string(&story.settings["service_account_file"]).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    let mut claims = json!({
        "iss": file["client_email"],
        "sub": file["client_email"],
        "scope": "https://www.googleapis.com/auth/androidmanagement",
        "iat": START / 1000,
        "exp": START / 1000 + 3600,
    });
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let mut header = Header::new(Algorithm::RS256);
    header.kid = file["private_key_id"].as_str().map(str::to_owned);
    format!("Bearer {}", signed(&header, &claims, file["private_key"].as_str().unwrap()))
}

pub fn signed(header: &Header, claims: &Value, pem: &str) -> String {
    jsonwebtoken::encode(header, claims, &EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()).unwrap()
}

#[tokio::test]
async fn android_trades_a_jwt_for_a_token() {
    let story = Story::of(Kind::Android, None).await;
    let here = format!("{}/token", story.it.url);
    let jwt = service_account(&story, json!({ "aud": here }));
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", jwt.strip_prefix("Bearer ").unwrap()),
    ];
    let token: Value = story.client.post(&here).form(&form).send().await.unwrap().json().await.unwrap();
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let path = "/v1/enterprises/LC00example/devices";
    assert_eq!(story.ask(Method::GET, path, &bearer, "").await.status(), 200);
    story.it.set_credentials_wrong(true);
    assert_eq!(story.ask(Method::GET, path, &bearer, "").await.status(), 401);
}

#[tokio::test]
async fn android_lists_in_pages_and_says_why_a_phone_is_not_ready() {
    let story = Story::of(Kind::Android, None).await;
    for id in ["a", "b", "c"] {
        story.it.add(ana(id, System::Android));
    }
    story.it.add(ana("d", System::Android).ready(Ready::NoToken));
    let bearer = service_account(&story, json!({}));
    let path = "/v1/enterprises/LC00example/devices?pageSize=100";
    let (_, first) = story.json(Method::GET, path, &bearer, "").await;
    let path = format!("{path}&pageToken={}", first["nextPageToken"].as_str().unwrap());
    let (_, second) = story.json(Method::GET, &path, &bearer, "").await;
    assert!(second.get("nextPageToken").is_none());
    let why = &second["devices"][0]["nonComplianceDetails"][0]["specificNonComplianceReason"];
    assert_eq!(why, "PASSWORD_POLICIES_USER_CREDENTIALS_CONFIRMATION_REQUIRED");
}

#[tokio::test]
async fn android_takes_only_a_jwt_that_is_signed_for_it_now() {
    let story = Story::of(Kind::Android, None).await;
    let path = "/v1/enterprises/LC00example/devices";
    for (changes, status) in [
        (json!({}), 200),
        (json!({ "scope": "https://www.googleapis.com/auth/drive" }), 401),
        (json!({ "aud": "https://androidmanagement.googleapis.com/" }), 200),
        (json!({ "aud": "https://example.com/" }), 401),
        (json!({ "exp": START / 1000 }), 401),
        (json!({ "sub": "somebody@example.com" }), 401),
    ] {
        let bearer = service_account(&story, changes.clone());
        assert_eq!(story.ask(Method::GET, path, &bearer, "").await.status(), status, "{changes}");
    }
}

#[tokio::test]
async fn android_sets_cancels_and_gives_up() {
    let story = Story::of(Kind::Android, None).await;
    story.it.add(ana("d", System::Android));
    let bearer = service_account(&story, json!({}));
    let path = "/v1/enterprises/LC00example/devices/d:issueCommand";
    let command = r#"{"type":"RESET_PASSWORD","newPassword":"correct horse","duration":"600s",
        "resetPasswordFlags":["REQUIRE_ENTRY","LOCK_NOW"]}"#;
    let mut outcomes = Vec::new();
    for wait in [300, 0, 600_000] {
        story.it.set_online("d", wait == 300);
        let (_, operation) = story.json(Method::POST, path, &bearer, command).await;
        let name = format!("/v1/{}", operation["name"].as_str().unwrap());
        if wait == 0 {
            assert_eq!(story.ask(Method::POST, &format!("{name}:cancel"), &bearer, "").await.status(), 200);
        }
        story.later(wait).await;
        let (_, operation) = story.json(Method::GET, &name, &bearer, "").await;
        assert_eq!(operation["done"], true);
        outcomes.push(operation["error"]["code"].as_i64());
    }
    assert_eq!(outcomes, [None, Some(1), Some(4)]);
    assert!(story.it.opens("d", Some("correct horse")));
    let (status, _) = story.json(Method::POST, path, &bearer, r#"{"type":"RESET_PASSWORD","pin":"1"}"#).await;
    assert_eq!(status, 400);
}

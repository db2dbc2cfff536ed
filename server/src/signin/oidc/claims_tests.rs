use domain::freshness::{Purpose, SignInWindow, Verdict, WINDOW_SECONDS, WindowId};
use domain::person::PersonId;
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;

fn claims(value: Value) -> Claims {
    let Value::Object(claims) = value else { panic!("no claims") };
    Claims(claims)
}

fn told_at(auth_time: Value) -> Option<Timestamp> {
    claims(json!({ "auth_time": auth_time })).proof(&[]).at
}

#[test]
fn only_whole_seconds_are_a_time() {
    assert_eq!(told_at(json!(1_800_000_000)), Some(Timestamp(1_800_000_000_000)));
    assert_eq!(told_at(json!(0)), Some(Timestamp(0)));
    for not in [
        json!(null),
        json!("1800000000"),
        json!(1_800_000_000.0),
        json!(1_800_000_000.5),
        json!(1.8e9),
        json!(-1),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1_800_000_000_000_i64),
        json!(true),
        json!([1_800_000_000]),
        json!({ "seconds": 1_800_000_000 }),
    ] {
        assert_eq!(told_at(not.clone()), None, "{not}");
    }
    assert_eq!(claims(json!({ "iat": 1_800_000_000, "exp": 1_800_000_300 })).proof(&[]).at, None);
}

#[test]
fn as_strong_as_asked_for_is_one_of_what_was_asked_for() {
    let strong = |acr: Value, asked: &[&str]| {
        let asked: Vec<String> = asked.iter().map(|&one| one.to_owned()).collect();
        claims(json!({ "acr": acr })).proof(&asked).strong
    };
    assert!(strong(json!("mfa"), &["phr", "mfa"]));
    assert!(strong(json!(null), &[]));
    for not in
        [json!(null), json!("pwd"), json!("MFA"), json!(""), json!("mfa phr"), json!(["mfa"]), json!(2)]
    {
        assert!(!strong(not.clone(), &["phr", "mfa"]), "{not}");
    }
}

#[test]
fn an_address_that_is_not_known_to_be_theirs_is_none() {
    let email = |claims: Claims| claims.profile(&Oidc::default()).email;
    assert_eq!(email(claims(json!({ "email": "ana@example.com" }))), "ana@example.com");
    assert_eq!(
        email(claims(json!({ "email": "ana@example.com", "email_verified": true }))),
        "ana@example.com"
    );
    assert_eq!(email(claims(json!({ "email": "ana@example.com", "email_verified": false }))), "");
    assert_eq!(email(claims(json!({ "email": "ana@example.com", "email_verified": "false" }))), "");
    assert_eq!(email(claims(json!({ "email": "ana" }))), "");
    assert_eq!(email(claims(json!({}))), "");
}

#[test]
fn a_person_is_called_by_the_best_that_is_known() {
    let name = |value| claims(value).profile(&Oidc::default()).name;
    assert_eq!(name(json!({ "name": "Ana", "preferred_username": "am", "email": "a@x", "sub": "1" })), "Ana");
    assert_eq!(name(json!({ "preferred_username": "am", "email": "a@x", "sub": "1" })), "am");
    assert_eq!(name(json!({ "email": "a@x", "sub": "1" })), "a@x");
    assert_eq!(name(json!({ "sub": "1" })), "1");
}

#[test]
fn an_it_admin_is_in_the_group_and_nobody_is_when_there_is_none() {
    let admin = |group: &str, groups: Value| {
        let provider = Oidc { admin_group: group.to_owned(), ..Oidc::default() };
        claims(json!({ "groups": groups })).profile(&provider).it_admin
    };
    assert!(admin("it", json!(["staff", "it"])));
    assert!(admin("it", json!("it")));
    for not in [json!(["staff"]), json!("staff it"), json!(null), json!({ "it": true }), json!([["it"]])] {
        assert!(!admin("it", not.clone()), "{not}");
    }
    assert!(!admin("", json!([""])));
}

#[test]
fn what_the_token_says_comes_before_what_was_asked_for_afterwards() {
    let both = claims(json!({ "sub": "1", "name": "Ana" })).or(claims(json!({ "sub": "2", "email": "a@x" })));
    assert_eq!((both.text("sub"), both.text("email")), (Some("1"), Some("a@x")));
}

const T0: i64 = 1_800_000_000;

/// What a provider may say of when somebody authenticated, and when that is when it is right.
fn auth_time() -> impl Strategy<Value = (Option<Value>, Option<i64>)> {
    let near = prop_oneof![-12_i64..12, 285_i64..315, -400_i64..700].prop_map(|offset| T0 + offset);
    prop_oneof![
        6 => near.clone().prop_map(|at| (Some(json!(at)), Some(at))),
        1 => Just((None, None)),
        1 => near.clone().prop_map(|at| (Some(json!(at.to_string())), None)),
        1 => near.clone().prop_map(|at| (Some(json!(at * 1000)), None)),
        1 => (near.clone(), 1_u32..1000).prop_map(|(at, part)| {
            #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            let fraction = at as f64 + f64::from(part) / 1000.0;
            (Some(json!(fraction)), None)
        }),
        1 => near.prop_map(|at| (Some(json!(-at)), None)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000_000))]

    /// From the claims to the verdict. `iat`, `exp` and the provider's own session are always fresh, and count for nothing.
    #[test]
    fn no_answer_of_a_provider_is_accepted_falsely(
        (claim, at) in auth_time(),
        opened_millis in 0_i64..1000,
        now_offset in prop_oneof![-2_000_i64..14_000, 295_000_i64..305_000, 0_i64..700_000],
        asks_acr in any::<bool>(),
        acr in prop::sample::select(vec![None, Some("mfa"), Some("pwd")]),
        same_person in prop::bool::weighted(0.9),
    ) {
        let opened_at = Timestamp(T0 * 1000 + opened_millis);
        let now = opened_at.plus_millis(now_offset);
        let fresh = now.0 / 1000;
        let mut told = json!({ "iat": fresh, "exp": fresh + 300, "session_started": fresh });
        if let Some(claim) = claim { told["auth_time"] = claim; }
        if let Some(acr) = acr { told["acr"] = json!(acr); }
        let asked = if asks_acr { vec!["mfa".to_owned()] } else { Vec::new() };
        let proof = claims(told).proof(&asked);
        let window = SignInWindow {
            id: WindowId(Uuid::from_u128(1)),
            person: PersonId(Uuid::from_u128(1)),
            device: "virtual.galaxy".parse().unwrap(),
            purpose: Purpose::Reset,
            opened_at,
            seconds: WINDOW_SECONDS,
        };
        let who = PersonId(Uuid::from_u128(if same_person { 1 } else { 2 }));
        let right = at.is_some_and(|at| at * 1000 >= opened_at.0 - 10_000 && at * 1000 <= now.0 + 10_000);
        let in_time = (0..301_000).contains(&now_offset);
        let strong = !asks_acr || acr == Some("mfa");
        let granted = window.judge(who, proof, now) == Verdict::Granted;
        prop_assert_eq!(granted, right && in_time && strong && same_person);
        // Nor does it show a passcode later.
        let proven = proof.proven_at(now);
        prop_assert_eq!(proven.is_some(), at.is_some_and(|at| at * 1000 <= now.0 + 10_000) && strong);
        prop_assert!(proven.is_none_or(|at| at <= now));
    }
}

#[test]
fn what_is_empty_is_there_and_says_nothing() {
    let claims = claims(json!({ "azp": "", "sid": "a", "events": {} }));
    assert!(claims.has("azp") && claims.has("events") && !claims.has("nonce"));
    assert_eq!(claims.get("events"), Some(&json!({})));
    assert_eq!(claims.get("nonce"), None);
    assert_eq!((claims.text("azp"), claims.text("sid"), claims.text("events")), (None, Some("a"), None));
}

/// An address that one of the two doubts is nobody's.
#[test]
fn a_doubt_counts_wherever_it_stands() {
    let email = |token: Value, told: Value| claims(token).or(claims(told)).profile(&Oidc::default()).email;
    let ben = json!({ "email": "ben@example.com" });
    assert_eq!(email(json!({}), ben.clone()), "ben@example.com");
    assert_eq!(
        email(
            json!({ "email_verified": true }),
            json!({ "email": "ben@example.com", "email_verified": false })
        ),
        ""
    );
    assert_eq!(email(ben, json!({ "email_verified": null })), "");
    assert_eq!(
        email(json!({ "email": "a@example.com" }), json!({ "email": "b@example.com" })),
        "a@example.com"
    );
    let long = format!("{}@example.com", "a".repeat(243));
    assert_eq!(email(json!({ "email": long }), json!({})), "");
    assert_eq!(email(json!({ "email": &long[1..] }), json!({})), long[1..]);
    let name = |text: &str| claims(json!({ "name": text })).profile(&Oidc::default()).name;
    assert_eq!(name(&"x".repeat(101)), "x".repeat(100));
}

#[test]
fn the_middle_of_a_token_is_read() {
    let payload = URL_SAFE_NO_PAD.encode(r#"{"sub":"1"}"#);
    assert_eq!(Claims::of_token(&format!("x.{payload}.y")).unwrap().text("sub"), Some("1"));
    assert_eq!(Claims::of_json(br#"{"sub":"1"}"#).unwrap().text("sub"), Some("1"));
    for not in ["", "x", "x..y", "x.!.y", &format!("x.{}.y", URL_SAFE_NO_PAD.encode("[1]"))] {
        assert!(Claims::of_token(not).is_none(), "{not}");
    }
    let map = claims(json!({ "sub": "1" })).0;
    assert_eq!(Claims::from(map).text("sub"), Some("1"));
}

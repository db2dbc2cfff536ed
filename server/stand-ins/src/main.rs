//! All four stand-ins at once, for tests in a browser: one phone each for whoever `OWNER` names, and an endpoint to
//! look at the phones. It prints one line of JSON with all addresses, and ends when its standard input closes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "it is test support: a failure here is a failed test"
)]

use std::collections::BTreeMap;
use std::env;
use std::io::{Read, stdin};
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use stand_ins::{Kind, Phone, Setup, StandIn, System};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

type All = Arc<Vec<(StandIn, Phone)>>;
type Asked = Query<BTreeMap<String, String>>;
type Answer = Result<Json<Value>, StatusCode>;

#[tokio::main]
async fn main() {
    let owner = env::var("OWNER").expect("OWNER is the e-mail address of who has the phones");
    let mut all = Vec::new();
    for kind in Kind::ALL {
        let stand_in = StandIn::start(kind, Setup { webhook: webhook(), ..Setup::default() }).await;
        let phone = phone(kind, &owner);
        stand_in.add(phone.clone());
        all.push((stand_in, phone));
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    println!("{}", described(&all, &format!("http://{}", listener.local_addr().unwrap())));
    // Not a graceful end: a browser that keeps its connection open would keep us alive with it.
    tokio::select! {
        served = axum::serve(listener, router(Arc::new(all))) => served.unwrap(),
        () = closed() => {}
    }
}

/// Where NanoMDM's events go, and their key; an absent variable is an absent receiver.
fn webhook() -> Option<(String, String)> {
    Some((env::var("WEBHOOK_URL").ok()?, env::var("WEBHOOK_SECRET").ok()?))
}

fn phone(kind: Kind, owner: &str) -> Phone {
    match kind {
        Kind::Intune => Phone::new("ana-intune-phone", "Ana's Intune phone", System::Android, owner),
        Kind::NanoMdm => Phone::new("00008110-ANAAPPLEPHONE", "Ana's Apple phone", System::Ios, owner),
        Kind::Android => Phone::new("ana-work-phone", "Ana's work phone", System::Android, owner),
        Kind::Fleet => Phone::new("41", "Ana's Fleet phone", System::Ios, owner),
    }
}

fn described(all: &[(StandIn, Phone)], control: &str) -> Value {
    let mut line = json!({ "control": control });
    for (stand_in, phone) in all {
        let settings = stand_in.settings().into_iter().map(|(key, value)| (key.to_owned(), value.into()));
        line[stand_in.kind().name()] = json!({
            "settings": settings.collect::<Map<String, Value>>(),
            "phone": { "id": phone.id, "serial": phone.serial, "name": phone.name, "user_id": phone.user_id },
        });
    }
    line
}

/// On a thread of its own: reading the standard input cannot be given up.
async fn closed() {
    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = stdin().read_to_end(&mut Vec::new());
        let _ = tell.send(());
    });
    let _ = told.await;
}

fn router(all: All) -> Router {
    Router::new()
        .route("/opens", get(opens))
        .route("/executions", get(executions))
        .route("/online", post(online))
        .route("/event/enrol", post(enrol))
        .with_state(all)
}

/// Without `passcode`: whether it opens without one.
async fn opens(State(all): State<All>, Query(asked): Asked) -> Answer {
    let (stand_in, id) = meant(&all, &asked)?;
    Ok(Json(stand_in.opens(id, asked.get("passcode").map(String::as_str)).into()))
}

async fn executions(State(all): State<All>, Query(asked): Asked) -> Answer {
    let (stand_in, id) = meant(&all, &asked)?;
    Ok(Json(stand_in.executions(id).len().into()))
}

async fn online(State(all): State<All>, Query(asked): Asked) -> Answer {
    let (stand_in, id) = meant(&all, &asked)?;
    stand_in.set_online(id, asked.get("online").is_some_and(|online| online == "true"));
    Ok(Json(true.into()))
}

/// NanoMDM's phone enrols once more, for a receiver that was not there the first time.
async fn enrol(State(all): State<All>) -> Answer {
    let (stand_in, phone) = all.iter().find(|(one, _)| one.kind() == Kind::NanoMdm).unwrap();
    stand_in.enrol_again(&phone.id);
    stand_in.advance().await;
    Ok(Json(true.into()))
}

fn meant<'a>(all: &'a All, asked: &BTreeMap<String, String>) -> Result<(&'a StandIn, &'a str), StatusCode> {
    let kind = asked.get("kind").ok_or(StatusCode::BAD_REQUEST)?;
    let (stand_in, phone) =
        all.iter().find(|(one, _)| one.kind().name() == kind).ok_or(StatusCode::NOT_FOUND)?;
    let same = asked.get("id").is_none_or(|id| *id == phone.id);
    same.then_some((stand_in, phone.id.as_str())).ok_or(StatusCode::NOT_FOUND)
}

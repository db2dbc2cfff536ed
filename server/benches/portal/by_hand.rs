//! What somebody would write who has one page only: an axum route that checks the session, asks the same questions of
//! the same databases in as few queries as they can be asked in, and answers with bytes that were drawn beforehand.

use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::support::{Program, until};

pub const NAME: &str = "by-hand";
const IDLE_MILLIS: i64 = 60 * 60 * 1000;
const ABSOLUTE_MILLIS: i64 = 12 * 60 * 60 * 1000;

/// The route in a process of its own, over the data of a running program.
pub struct ByHand {
    child: Child,
    pub address: String,
}

impl ByHand {
    pub async fn start(program: &Program, page: &str) -> Self {
        let file = program.folder.path().join("page.html");
        std::fs::write(&file, page).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let child = Command::new(std::env::current_exe().unwrap())
            .args([NAME, &address])
            .args([program.data(), file])
            .spawn()
            .unwrap();
        let by_hand = Self { child, address };
        until("the route is there", Duration::from_secs(10), async || {
            tokio::net::TcpStream::connect(&by_hand.address).await.ok()
        })
        .await;
        by_hand
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Route {
    portal: SqlitePool,
    fleet: SqlitePool,
    page: String,
}

pub async fn serve(words: Vec<String>) {
    let [address, data, page] = words.try_into().unwrap();
    let pool = async |name: &str| {
        let file = SqliteConnectOptions::new().filename(format!("{data}/{name}"));
        SqlitePoolOptions::new().max_connections(4).connect_with(file).await.unwrap()
    };
    let page = std::fs::read_to_string(page).unwrap();
    let route = Route { portal: pool("portal.db").await, fleet: pool("fleet.db").await, page };
    let site = Router::new().route("/devices", routing::get(devices)).with_state(Arc::new(route));
    axum::serve(TcpListener::bind(address).await.unwrap(), site).await.unwrap();
}

async fn devices(State(route): State<Arc<Route>>, headers: HeaderMap) -> Response {
    let Some((person, email)) = session(&route, &headers).await else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let unread: i64 =
        sqlx::query_scalar("SELECT count(*) FROM notifications WHERE person = ? AND read_at IS NULL")
            .bind(person)
            .fetch_one(&route.portal)
            .await
            .unwrap();
    let phones = sqlx::query(
        "SELECT p.* FROM phones p JOIN people o ON o.user_name = p.owner
         WHERE o.email = ? AND NOT p.retired ORDER BY p.rowid",
    )
    .bind(email)
    .fetch_all(&route.fleet)
    .await
    .unwrap();
    let commands = sqlx::query("SELECT *, max(created_at) FROM commands WHERE person = ? GROUP BY device")
        .bind(person)
        .fetch_all(&route.portal)
        .await
        .unwrap();
    assert!(unread >= 0 && !phones.is_empty() && commands.len() <= phones.len());
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (headers, route.page.clone()).into_response()
}

async fn session(route: &Route, headers: &HeaderMap) -> Option<(Uuid, String)> {
    let cookies = headers.get(COOKIE)?.to_str().ok()?;
    let token = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("latchkey_session="))?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis() as i64;
    let row = sqlx::query(
        "SELECT p.id, p.email FROM sessions s JOIN people p ON p.id = s.person
         WHERE s.token = ? AND s.ended_at IS NULL AND s.last_used_at >= ? AND s.authenticated_at >= ?",
    )
    .bind(&Sha256::digest(token)[..])
    .bind(now - IDLE_MILLIS)
    .bind(now - ABSOLUTE_MILLIS)
    .fetch_optional(&route.portal)
    .await
    .unwrap()?;
    Some((row.get("id"), row.get("email")))
}

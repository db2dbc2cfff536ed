//! The abuse cases of this version, each against the real program. The numbers are those of the project's list.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod audit;
mod freshness;
mod mdm;
mod ownership;
mod passcode;
mod provider;
mod sessions;
mod sign_in;
#[path = "../support/mod.rs"]
mod support;
mod wire;

use support::{Answer, Browser, Program};

const WINDOW: [&str; 3] = ["signed_in", "signed_out", "window_opened"];
const PROVEN: [&str; 5] = ["signed_in", "signed_out", "window_opened", "signed_in", "window_proven"];

/// A whole reset, until it is done.
async fn reset(program: &Program, ana: &Browser, name: &str) -> String {
    let device = ana.prove("ana", name).await;
    assert_eq!(ana.reset(&device).await.status, 200);
    program.settled().await;
    device
}

/// RFC 9470: the proof is too old.
fn assert_needs_fresh_sign_in(answer: &Answer) {
    assert_eq!(answer.status, 401, "{answer:?}");
    let challenge = answer.challenge.as_deref().unwrap_or_default();
    assert!(challenge.contains("insufficient_user_authentication"), "{challenge}");
}

/// Interleaved, so that whatever else the machine does meets both alike.
#[allow(clippy::disallowed_methods, reason = "measures how long an answer takes")]
async fn assert_as_fast(what: &str, ask: impl AsyncFn(usize)) {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..400 {
        for place in [round % 2, 1 - round % 2] {
            let start = std::time::Instant::now();
            ask(place).await;
            times[place].push(start.elapsed());
        }
    }
    let [one, other] = times.map(|mut times| {
        times.sort();
        times[times.len() / 2].as_secs_f64()
    });
    println!("{what}: medians of {one:.6} s and {other:.6} s");
    assert!((one / other - 1.0).abs() < 0.1, "{what}: medians of {one:.6} s and {other:.6} s");
}

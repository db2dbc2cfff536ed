//! What the files in `packaging/` rely on: what the program tells whoever started it, and the figures that are watched.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod figures;
#[path = "../support/mod.rs"]
mod support;

use std::process::Command;
use std::time::Duration;

use support::Program;
use tokio::net::UnixDatagram;

#[tokio::test]
async fn systemd_hears_when_it_is_ready_and_when_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path: &str = folder.path().join("notify").to_str().unwrap().to_owned().leak();
    let systemd = UnixDatagram::bind(path).unwrap();
    let mut program = Program::start_with(vec![("NOTIFY_SOCKET", path)]).await;
    assert_eq!(next(&systemd).await, "READY=1\n");
    program.kill();

    program.spawn_again();
    assert_eq!(next(&systemd).await, "READY=1\n");
    // Not a moment too early: the first to ask is answered.
    assert_eq!(program.browser().get("/sign-in").await.status, 200);
    assert!(program.metrics().await.contains("latchkey_live_streams"));
    let asked = Command::new("kill").args(["-TERM", &program.process().to_string()]).status().unwrap();
    assert!(asked.success());
    assert_eq!(next(&systemd).await, "STOPPING=1\n");

    // A program that refuses to start is never ready.
    let refused = program.operate(&["serve"], &[("NOTIFY_SOCKET", path)], "");
    assert!(!refused.status.success());
    assert!(systemd.try_recv(&mut [0; 64]).is_err());
}

async fn next(systemd: &UnixDatagram) -> String {
    let mut words = [0; 64];
    let length = tokio::time::timeout(Duration::from_mins(1), systemd.recv(&mut words)).await;
    String::from_utf8(words[..length.expect("told nothing").unwrap()].to_vec()).unwrap()
}

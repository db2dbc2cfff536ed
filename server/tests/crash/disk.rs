//! The disk is full: nothing is sent that could not be written down before, and it goes on by itself.

use std::time::Duration;

use crate::support::{Browser, Disk, Program, until};

/// Enough for the databases, and soon full.
const SIZE: &str = "48M";
const RESETS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(folder.path(), SIZE) else {
        println!("No disk could be mounted here, so none is filled.");
        return;
    };
    let program = Program::start_quiet_in(tempfile::tempdir_in(&disk.place).unwrap()).await;
    program.add_phones("ben", RESETS).await;
    let proven = proven(&program).await;
    assert_eq!(proven.len(), RESETS);

    // A log that has grown has room in it for many more.
    program.change("portal.db", "PRAGMA wal_checkpoint(TRUNCATE)").await;
    disk.fill();
    let mut refused = Vec::new();
    for (ben, device) in &proven {
        let answer = ben.reset(device).await;
        match answer.status {
            // There was a little room left.
            200 => {}
            503 => refused.push((ben, device)),
            _ => panic!("{answer:?}"),
        }
    }
    assert!(!refused.is_empty(), "the disk is not full");
    assert_eq!(program.commands().await.len(), RESETS - refused.len(), "what was refused is not there");
    let (ben, device) = refused[0];
    let page = ben.get(&format!("/devices/{device}")).await;
    assert_eq!(page.status, 200, "pages can be read");

    disk.make_room();
    for (ben, device) in &refused {
        // With the same grant.
        until("a reset is taken again", Duration::from_secs(10), async || {
            (ben.reset(device).await.status == 200).then_some(())
        })
        .await;
    }
    program.settled().await;
    let commands = program.commands().await;
    assert_eq!(commands.len(), RESETS);
    for (command, state) in commands {
        assert_eq!(state, "done");
        assert_eq!(program.journal(command).await, ["received", "delivered", "executed"]);
    }
}

/// Browsers of Ben's, each signed in freshly for another phone.
async fn proven(program: &Program) -> Vec<(Browser, String)> {
    let first = program.browser();
    first.sign_in("ben").await;
    let mut proven = Vec::new();
    for device in first.devices().await.into_values().take(RESETS) {
        let ben = program.browser();
        ben.sign_in("ben").await;
        ben.prove_again("ben", &device).await;
        proven.push((ben, device));
    }
    proven
}

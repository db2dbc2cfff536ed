use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::portal::Portal;
use crate::store::sql::SqlStore;

const WRITERS: u8 = 200;
const WRITE: &str = "INSERT INTO used_once (what, used_at) VALUES ($1, $2)";

/// What a writer does after its row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Commits,
    /// Its second row cannot be.
    Fails,
    Leaves,
    /// Wherever it is just then.
    IsCut,
}

impl Ends {
    const fn of(writer: u8) -> Self {
        match writer % 5 {
            0 => Self::Fails,
            1 => Self::Leaves,
            2 => Self::IsCut,
            _ => Self::Commits,
        }
    }
}

async fn write(database: &Database, writer: u8, ends: Ends) -> Result<(), StoreError> {
    let row = || query(WRITE).bind(&[writer; 32][..]).bind(Timestamp(1));
    let mut tx = database.write().await?;
    row().execute(&mut tx).await?;
    tx.audit(|seq| AuditEntry {
        seq,
        at: Timestamp(1),
        event: "signed_in".to_owned(),
        person: None,
        user_name: None,
        device: Some(writer.to_string()),
        command: None,
        link: None,
    })?;
    match ends {
        Ends::Fails => row().execute(&mut tx).await.map(drop),
        Ends::Leaves => Ok(()),
        Ends::Commits | Ends::IsCut => tx.commit().await,
    }
}

async fn many_at_once(database: Database) {
    let database = Arc::new(database);
    let writers = (0..WRITERS).map(|writer| {
        let (database, ends) = (Arc::clone(&database), Ends::of(writer));
        async move {
            let writes = write(&database, writer, ends);
            if ends == Ends::IsCut {
                // Each at another point of its way.
                let cut = Duration::from_micros(u64::from(writer) * 40);
                let _ = tokio::time::timeout(cut, writes).await;
            } else {
                assert_eq!(writes.await.is_ok(), ends != Ends::Fails);
            }
        }
    });
    futures::future::join_all(writers).await;
    // The last of a batch, and whoever comes after all that was left behind.
    let (commits, fails) =
        tokio::join!(write(&database, WRITERS, Ends::Commits), write(&database, WRITERS + 1, Ends::Fails),);
    assert!(commits.is_ok() && fails.is_err());
    write(&database, WRITERS + 2, Ends::Commits).await.unwrap();

    let kept: Vec<Vec<u8>> =
        query("SELECT what FROM used_once ORDER BY what").values(&*database).await.unwrap();
    let kept: Vec<u8> = kept.iter().map(|row| row[0]).collect();
    for writer in 0..WRITERS {
        match Ends::of(writer) {
            Ends::Commits => assert!(kept.contains(&writer), "{writer} was told that the disk has it"),
            Ends::Fails | Ends::Leaves => assert!(!kept.contains(&writer), "{writer} took it back"),
            Ends::IsCut => {}
        }
    }
    // A part is whole, with its row of the audit, or nothing of it is there.
    let mut audited: Vec<String> =
        query("SELECT device FROM audit WHERE device IS NOT NULL").values(&*database).await.unwrap();
    let mut rows: Vec<String> = kept.iter().map(u8::to_string).collect();
    audited.sort();
    rows.sort();
    assert_eq!(audited, rows);
}

#[tokio::test]
async fn of_many_writers_in_a_file_each_has_all_or_nothing() {
    let folder = TempDir::new().unwrap();
    let store = SqlStore::in_file(&folder.path().join("portal.db")).await.unwrap();
    many_at_once(store.database()).await;
}

#[tokio::test]
async fn of_many_writers_on_a_server_each_has_all_or_nothing() {
    let portal = Portal::empty().await;
    let store = SqlStore::on_server(&portal.url(), 4).await.unwrap();
    many_at_once(store.database()).await;
}

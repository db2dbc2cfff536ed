use std::sync::Arc;

use domain::command::CommandState;
use domain::notification::News;
use domain::ports::{PasscodeState, Store};
use tempfile::TempDir;

use super::*;
use crate::portal::Portal;
use crate::store::conformance::Story;

/// A database of a test, for as long as it lasts.
struct Place {
    store: Arc<SqlStore>,
    _folder: TempDir,
    _portal: Option<Portal>,
}

async fn place(on_postgres: bool) -> Place {
    let folder = TempDir::new().unwrap();
    let portal = if on_postgres { Some(Portal::empty().await) } else { None };
    let store = match &portal {
        Some(portal) => SqlStore::on_server(&portal.url(), 2).await,
        None => SqlStore::in_file(&folder.path().join("portal.db")).await,
    };
    Place { store: Arc::new(store.unwrap()), _folder: folder, _portal: portal }
}

#[tokio::test]
async fn a_backup_fills_any_database_and_opens_nothing() {
    for [from, to] in [[false, false], [false, true], [true, false], [true, true]] {
        a_backup_taken_in_the_middle_of_a_reset(&place(from).await, &place(to).await).await;
    }
}

async fn a_backup_taken_in_the_middle_of_a_reset(from: &Place, to: &Place) {
    let story = Story::new(Arc::clone(&from.store) as Arc<dyn Store>).await;
    let [ended, sent, queued] = ["ended", "sent", "queued"].map(|name| story.device(name));
    let signed_in = story.proven(&ended, 1).await;
    story.done(&signed_in, &ended).await;
    let actor = story.proven(&sent, 2).await;
    let on_its_way = story.submit(&actor, &sent).await.unwrap();
    story.begin_sending().await;
    let actor = story.proven(&queued, 3).await;
    let waiting = story.submit(&actor, &queued).await.unwrap();
    story.proven(&story.device("granted"), 4).await;

    let folder = TempDir::new().unwrap();
    let path = folder.path().join("backup");
    from.store.back_up(&path, story.now()).await.unwrap();
    assert!(from.store.back_up(&path, story.now()).await.is_err(), "there is one");
    let bytes = std::fs::read(&path).unwrap();
    assert!(!bytes.windows(10).any(|window| window == b"a passcode"));
    // Where it was made everything goes on.
    assert!(from.store.open_command(&queued.id).await.unwrap().is_some());

    assert_eq!(to.store.restore(&path, story.now()).await.unwrap(), 2);
    assert!(to.store.restore(&path, story.now()).await.is_err(), "there are rows");
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 1, "nothing is left beside the backup");

    let restored = Story { store: Arc::clone(&to.store) as Arc<dyn Store>, ..story };
    for cookie in 1..=4 {
        assert!(restored.actor(cookie).await.is_none());
    }
    for (device, command) in [(&sent, on_its_way), (&queued, waiting)] {
        let kept = to.store.last_command(restored.ana.id, &device.id).await.unwrap().unwrap();
        assert_eq!((kept.id, kept.state), (command, CommandState::Failed));
        assert_eq!(kept.failure, Some(Failure::Unknown));
        assert!(to.store.open_command(&device.id).await.unwrap().is_none());
    }
    assert_eq!(to.store.next_due().await.unwrap(), None);
    let passcode = to.store.passcode(restored.ana.id, &ended.id, restored.now()).await.unwrap().unwrap();
    assert_eq!(passcode.state, PasscodeState::Erased);
    let news: Vec<News> =
        to.store.notifications(restored.ana.id).await.unwrap().iter().map(|one| one.news).collect();
    assert_eq!(news.len(), 3);
    assert!(news.contains(&News::PasscodeReset));

    // The chain of the audit goes on from where it was, and so do the cursors of the notifications.
    let head = to.store.audit_head().await.unwrap();
    assert!(head.seq > from.store.audit_head().await.unwrap().seq);
    let rows = to.store.audit_after(0, 1000).await.unwrap();
    for pair in rows.windows(2) {
        assert_eq!(pair[1].link, pair[0].link.map(|link| link.next(&pair[1])));
    }
    let actor = restored.proven(&restored.device("after"), 5).await;
    restored.done(&actor, &restored.device("after")).await;
    assert_eq!(to.store.notifications(restored.ana.id).await.unwrap().len(), 4);
}

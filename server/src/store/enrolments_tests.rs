use tempfile::TempDir;

use super::*;

struct Story {
    store: SqlStore,
    fleet: FleetId,
    _folder: TempDir,
}

fn facts(serial: &str) -> Facts {
    let serial = serial.to_owned();
    Facts { serial, name: "Ana's".to_owned(), product: "iPhone14,5".to_owned(), ..Facts::default() }
}

fn sealed(text: &str) -> Sealed {
    Sealed { key_id: "key".to_owned(), nonce: vec![7; 24], ciphertext: text.as_bytes().to_vec() }
}

impl Story {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = SqlStore::in_file(&folder.path().join("story.db")).await.unwrap();
        Self { store, fleet: FleetId::parse("apple").unwrap(), _folder: folder }
    }

    async fn apply(&self, change: Change) -> bool {
        self.store.apply(&self.fleet, "udid", change).await.unwrap()
    }

    async fn enrol(&self, serial: &str, at: i64) -> bool {
        self.apply(Change::Enrolled { facts: facts(serial), at: Timestamp(at) }).await
    }

    async fn token(&self, token: &str, at: i64) -> bool {
        let token = (!token.is_empty()).then(|| sealed(token));
        self.apply(Change::Updated { token, at: Timestamp(at) }).await
    }

    /// The row, and what clears its passcode.
    async fn row(&self) -> (Enrolment, Option<Sealed>) {
        let row = self.store.enrolment(&self.fleet, "udid").await.unwrap().unwrap();
        let token = row.token.clone();
        (row, token)
    }
}

#[tokio::test]
async fn a_token_is_kept_until_the_device_enrols_anew() {
    let story = Story::new().await;
    assert!(story.enrol("S1", 100).await);
    assert!(story.token("one", 101).await);
    assert!(!story.token("", 110).await, "without one it leaves the one that is kept");
    assert_eq!(story.row().await.1, Some(sealed("one")));
    assert!(story.token("two", 120).await);
    assert!(!story.token("one", 101).await, "late");
    assert_eq!(story.row().await.1, Some(sealed("two")));
    assert!(story.enrol("S1", 200).await);
    assert_eq!(story.row().await.1, None, "it is wrong from now on");
    assert!(!story.token("two", 120).await, "and stays so when it comes late");
    assert_eq!(story.row().await.1, None);
}

#[tokio::test]
async fn what_comes_in_another_order_ends_the_same() {
    let story = Story::new().await;
    assert!(story.enrol("S1", 100).await);
    assert!(story.token("one", 101).await);
    // Anew, and the token is told of first.
    assert!(story.token("two", 201).await);
    assert!(story.enrol("S1", 200).await);
    assert!(!story.enrol("S1", 200).await && !story.enrol("S1", 100).await, "twice, and late");
    let (row, token) = story.row().await;
    assert_eq!((token, row.heard_at), (Some(sealed("two")), Timestamp(201)));
    // Gone and back, and told the other way round.
    assert!(story.apply(Change::CheckedOut { at: Timestamp(300) }).await);
    assert!(!story.row().await.0.is_current());
    assert!(story.token("three", 401).await);
    assert!(!story.row().await.0.is_current(), "a token alone brings nothing back");
    assert!(story.enrol("S1", 400).await);
    let (row, token) = story.row().await;
    assert_eq!((row.is_current(), token), (true, Some(sealed("three"))));
    assert!(!story.apply(Change::CheckedOut { at: Timestamp(300) }).await, "late");
    assert!(story.row().await.0.is_current());
}

#[tokio::test]
async fn a_device_that_names_two_serial_numbers_is_disputed_for_good() {
    let story = Story::new().await;
    story.enrol("S1", 100).await;
    story.enrol("s1", 110).await;
    story.apply(Change::Described { facts: facts(""), at: Timestamp(120) }).await;
    assert!(!story.row().await.0.disputed);
    story.apply(Change::Described { facts: facts("S2"), at: Timestamp(130) }).await;
    let row = story.row().await.0;
    assert_eq!((row.facts.serial.as_str(), row.disputed), ("S1", true));
    story.enrol("S1", 200).await;
    assert!(story.row().await.0.disputed);
    assert_eq!(story.store.census(&story.fleet).await.unwrap().disputed, ["udid"]);
}

#[tokio::test]
async fn a_stranger_becomes_known() {
    let story = Story::new().await;
    assert!(story.apply(Change::Heard { at: Timestamp(100) }).await);
    assert!(!story.apply(Change::Heard { at: Timestamp(90) }).await);
    assert_eq!(story.row().await.0.heard_at, Timestamp(100));
    assert_eq!(story.store.with_serials(&story.fleet, &["S1"]).await.unwrap(), []);
    story.apply(Change::Described { facts: facts("S1"), at: Timestamp(110) }).await;
    assert_eq!(story.store.with_serials(&story.fleet, &["s1"]).await.unwrap().len(), 1);
    // What was told late of how it enrolled is true all the same.
    story.enrol("S1", 50).await;
    let census = story.store.census(&story.fleet).await.unwrap();
    assert_eq!((census.current, census.with_token), (1, 0));
}

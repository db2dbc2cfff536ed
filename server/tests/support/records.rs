use std::path::Path;
use std::time::Duration;

use domain::Timestamp;
use server::database::{Row, query};
use sha2::{Digest, Sha256};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use uuid::Uuid;

use super::program::Program;

const OFTEN: Duration = Duration::from_millis(20);

/// Asks until there is an answer, and fails when there is none in time.
pub async fn until<T>(what: &str, at_most: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(OFTEN).await;
        }
    };
    tokio::time::timeout(at_most, asking).await.unwrap_or_else(|_| panic!("in vain: {what}"))
}

/// The rows that the portal and the fleet keep. Read only.
impl Program {
    /// What the portal wrote down, in order, without the making of the accounts.
    pub async fn audit(&self) -> Vec<String> {
        query("SELECT event FROM audit WHERE event <> 'person_added' ORDER BY seq")
            .values(&self.portal.open().await)
            .await
            .unwrap()
    }

    /// How many commands the portal accepted.
    pub async fn submitted(&self) -> usize {
        self.count("SELECT count(*) FROM commands").await
    }

    /// How many commands the fleet was ever told of.
    pub async fn told(&self) -> usize {
        self.number("fleet.db", "SELECT count(DISTINCT command) FROM journal").await
    }

    /// How often it was told again of a command it had.
    pub async fn told_again(&self) -> usize {
        self.number("fleet.db", "SELECT count(*) FROM journal WHERE event = 'duplicate'").await
    }

    /// The fleet's journal of one command.
    pub async fn journal(&self, command: Uuid) -> Vec<String> {
        let mut fleet = self.open("fleet.db").await;
        sqlx::query_scalar("SELECT event FROM journal WHERE command = ? ORDER BY seq")
            .bind(command)
            .fetch_all(&mut fleet)
            .await
            .unwrap()
    }

    /// Every command of the portal with its state, oldest first.
    pub async fn commands(&self) -> Vec<(Uuid, String)> {
        let rows = query("SELECT id, state FROM commands ORDER BY created_at, id");
        let rows = rows.fetch_all(&self.portal.open().await).await.unwrap();
        rows.iter().map(|row| (row.get("id").unwrap(), row.get("state").unwrap())).collect()
    }

    /// Whether a worker took each of them in hand.
    pub async fn are_taken(&self, commands: &[Uuid]) -> bool {
        let taken = query("SELECT id FROM commands WHERE fence > 0");
        let taken: Vec<Uuid> = taken.values(&self.portal.open().await).await.unwrap();
        commands.iter().all(|command| taken.contains(command))
    }

    /// Of every open command, oldest first: its state, when it is due, and how often a worker took it in hand.
    pub async fn leases(&self) -> Vec<(String, i64, i64)> {
        let open = query(
            "SELECT state, due_at, fence FROM commands WHERE due_at IS NOT NULL ORDER BY created_at, id",
        );
        let rows = open.fetch_all(&self.portal.open().await).await.unwrap();
        let lease = |row: &Row| {
            let due: Timestamp = row.get("due_at").unwrap();
            (row.get("state").unwrap(), due.0, row.get("fence").unwrap())
        };
        rows.iter().map(lease).collect()
    }

    pub async fn news_of(&self, command: Uuid) -> Vec<String> {
        let news = query("SELECT news FROM notifications WHERE command = $1").bind(command);
        news.values(&self.portal.open().await).await.unwrap()
    }

    /// The id of the session that began last.
    pub async fn newest_session(&self) -> String {
        let newest = query("SELECT id FROM sessions ORDER BY authenticated_at DESC LIMIT 1");
        newest.value::<Uuid>(&self.portal.open().await).await.unwrap().to_string()
    }

    /// What the database keeps of the sessions' cookies.
    pub async fn session_hashes(&self) -> Vec<Vec<u8>> {
        query("SELECT token FROM sessions").values(&self.portal.open().await).await.unwrap()
    }

    pub async fn sealed_passcodes(&self) -> usize {
        self.count("SELECT count(*) FROM passcodes WHERE ciphertext IS NOT NULL").await
    }

    /// The sealed passcodes as they lie in the database.
    pub async fn ciphertexts(&self) -> Vec<Vec<u8>> {
        let kept = query("SELECT ciphertext FROM passcodes WHERE ciphertext IS NOT NULL");
        kept.values(&self.portal.open().await).await.unwrap()
    }

    /// How often a worker took the newest command in hand.
    pub async fn fence(&self) -> usize {
        self.count("SELECT fence FROM commands ORDER BY created_at DESC, id DESC LIMIT 1").await
    }

    /// Everything that is committed, in one file.
    pub async fn copy(&self, database: &str, to: &Path) {
        sqlx::query("VACUUM INTO ?")
            .bind(to.to_str().unwrap())
            .execute(&mut self.open(database).await)
            .await
            .unwrap();
    }

    /// Keeps everybody else from writing until it is dropped.
    pub async fn lock(&self, database: &str) -> SqliteConnection {
        let mut lock = self.open_to_write(database).await;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut lock).await.unwrap();
        lock
    }

    /// What a test does to a database from outside.
    pub async fn change(&self, database: &str, statement: &'static str) {
        self.try_change(database, statement).await.unwrap();
    }

    pub async fn try_change(&self, database: &str, statement: &'static str) -> sqlx::Result<()> {
        sqlx::raw_sql(statement).execute(&mut self.open_to_write(database).await).await.map(drop)
    }

    /// Until the person has `count` devices, all of the kind of their first.
    pub async fn add_phones(&self, owner: &str, count: usize) {
        sqlx::query(
            "WITH RECURSIVE more(n) AS (
                 SELECT count(*) + 1 FROM phones WHERE owner = ?1 UNION ALL SELECT n + 1 FROM more WHERE n < ?2
             )
             INSERT INTO phones (id, name, model, system, platform, min_length, owner, locked, online, last_seen)
             SELECT lower(hex(randomblob(16))), 'Phone ' || n, model, system, platform, min_length, owner, 0, 1, last_seen
             FROM more, (SELECT * FROM phones WHERE owner = ?1 ORDER BY rowid LIMIT 1) WHERE n <= ?2",
        )
        .bind(owner)
        .bind(i64::try_from(count).unwrap())
        .execute(&mut self.open_to_write("fleet.db").await)
        .await
        .unwrap();
    }

    /// More people like Ana, signed in each in a browser of their own some minutes ago. What their cookies say.
    pub async fn add_people(&self, count: usize) -> Vec<String> {
        let mut portal = self.open_to_write("portal.db").await;
        let mut tx = portal.begin_with("BEGIN IMMEDIATE").await.unwrap();
        sqlx::raw_sql(
            "CREATE TEMP TABLE one AS SELECT * FROM people WHERE user_name = 'ana';
             CREATE TEMP TABLE session AS SELECT * FROM sessions WHERE person = (SELECT id FROM one) LIMIT 1;
             UPDATE session SET last_used_at = last_used_at - 300000;",
        )
        .execute(&mut *tx)
        .await
        .unwrap();
        let mut cookies = Vec::new();
        for number in 0..count {
            let (id, token) = (Uuid::from_u128(number as u128), format!("{number:043}"));
            sqlx::query("UPDATE one SET id = ?1, user_name = 'person' || ?2, email = ?2 || '@example.com'")
                .bind(id)
                .bind(number.to_string())
                .execute(&mut *tx)
                .await
                .unwrap();
            sqlx::raw_sql("INSERT INTO people SELECT * FROM one").execute(&mut *tx).await.unwrap();
            sqlx::query("UPDATE session SET id = ?1, person = ?1, token = ?2")
                .bind(id)
                .bind(&Sha256::digest(&token)[..])
                .execute(&mut *tx)
                .await
                .unwrap();
            sqlx::raw_sql("INSERT INTO sessions SELECT * FROM session").execute(&mut *tx).await.unwrap();
            cookies.push(format!("latchkey_session={token}"));
        }
        tx.commit().await.unwrap();
        cookies
    }

    /// A reset of each of them has ended.
    pub async fn tell_people(&self) {
        self.change(
            "portal.db",
            "CREATE TEMP TABLE ended AS
             SELECT id AS person, randomblob(16) AS command FROM people WHERE user_name LIKE 'person%';
             INSERT INTO commands (id, kind, person, device, device_name, platform, min_length, state, created_at, deadline)
             SELECT command, 'reset_passcode', person, 'virtual.' || hex(command), 'A phone', 'android', 8, 'done', 1, 2
             FROM ended;
             INSERT INTO notifications (id, person, command, news, at)
             SELECT command, person, command, 'passcode_reset', 1 FROM ended;",
        )
        .await;
    }

    async fn open_to_write(&self, database: &str) -> SqliteConnection {
        let file = self.data().join(database);
        SqliteConnectOptions::new()
            .filename(file)
            .busy_timeout(Duration::from_secs(5))
            .connect()
            .await
            .unwrap()
    }

    /// Waits until no command is open.
    pub async fn settled(&self) {
        until("every command has ended", Duration::from_secs(40), async || {
            let open = "SELECT count(*) FROM commands WHERE due_at IS NOT NULL";
            (self.count(open).await == 0).then_some(())
        })
        .await;
    }

    async fn number(&self, database: &str, question: &'static str) -> usize {
        let count: i64 =
            sqlx::query_scalar(question).fetch_one(&mut self.open(database).await).await.unwrap();
        usize::try_from(count).unwrap()
    }

    async fn count(&self, question: &'static str) -> usize {
        let count: i64 = query(question).value(&self.portal.open().await).await.unwrap();
        usize::try_from(count).unwrap()
    }

    async fn open(&self, database: &str) -> SqliteConnection {
        let file = self.data().join(database);
        SqliteConnectOptions::new().filename(file).read_only(true).connect().await.unwrap()
    }
}

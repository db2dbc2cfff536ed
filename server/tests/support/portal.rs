use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use server::database::Database;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};

/// Where the portal's rows are: in a file of the program's folder, or in a database of its own on the PostgreSQL of
/// `server/tests/with-postgres`.
pub enum Portal {
    File(PathBuf),
    Server {
        url: String,
        /// Empty: it is somebody else's, who takes it away.
        name: String,
    },
}

/// What LATCHKEY_TEST_ON asks for.
static ON_POSTGRES: LazyLock<bool> = LazyLock::new(|| match std::env::var("LATCHKEY_TEST_ON").as_deref() {
    Err(_) | Ok("sqlite") => false,
    Ok("postgres") => true,
    Ok(other) => panic!("LATCHKEY_TEST_ON is {other}, but it has to be sqlite or postgres"),
});

/// Before the system's own where a database's search_path says so. A program that goes by its database's time goes by this.
const MOVABLE_CLOCK: &str = "CREATE TABLE movable_clock (ahead interval, stands_at timestamptz);
    INSERT INTO movable_clock VALUES ('0', NULL);
    CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
        'SELECT coalesce(stands_at, pg_catalog.clock_timestamp() + ahead) FROM public.movable_clock';";

impl Portal {
    pub fn is_on_postgres() -> bool {
        *ON_POSTGRES
    }

    pub async fn new(folder: &Path, movable: bool) -> Self {
        if !*ON_POSTGRES {
            return Self::File(folder.join("data/portal.db"));
        }
        let portal = Self::empty().await;
        if movable && let Self::Server { url, name } = &portal {
            run(&maintenance(), format!("ALTER DATABASE {name} SET search_path = public, pg_catalog")).await;
            run(url, MOVABLE_CLOCK.to_owned()).await;
        }
        portal
    }

    /// A database without a table.
    pub async fn empty() -> Self {
        let name = format!("test_{:016x}", std::hash::RandomState::new().build_hasher().finish());
        run(&maintenance(), format!("CREATE DATABASE {name}")).await;
        let url = maintenance().rsplit_once('/').unwrap().0.to_owned() + "/" + &name;
        Self::Server { url, name }
    }

    pub fn there(url: String) -> Self {
        Self::Server { url, name: String::new() }
    }

    /// As the setting `database.url` has it.
    pub fn url(&self) -> String {
        match self {
            Self::File(file) => format!("sqlite:{}", file.display()),
            Self::Server { url, .. } => url.clone(),
        }
    }

    pub async fn open(&self) -> Database {
        match self {
            Self::File(file) => Database::file(file, None).await,
            Self::Server { url, .. } => Database::server(url, 1, None).await,
        }
        .unwrap()
    }

    /// The database's clock, if it has one, stands still so much later. In seconds since the epoch.
    pub async fn stop_clock(&self, later: i64) -> Option<f64> {
        let Self::Server { url, .. } = self else { return None };
        let stopped = format!(
            "UPDATE public.movable_clock SET stands_at = date_trunc('milliseconds', public.clock_timestamp()) + make_interval(secs => {later})
             RETURNING extract(epoch FROM stands_at)::float8"
        );
        let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
        let mut connection = options.connect().await.unwrap();
        Some(sqlx::query_scalar(AssertSqlSafe(stopped)).fetch_one(&mut connection).await.unwrap())
    }

    pub async fn start_clock(&self, time: f64) {
        let Self::Server { url, .. } = self else { return };
        let ahead = format!("to_timestamp({time}) - pg_catalog.clock_timestamp()");
        run(url, format!("UPDATE public.movable_clock SET ahead = {ahead}, stands_at = NULL")).await;
    }

    /// What a test does to the rows from outside.
    pub async fn change(&self, sqlite: &'static str, postgres: &'static str) -> sqlx::Result<()> {
        match self {
            Self::File(file) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
                let mut connection =
                    options.busy_timeout(std::time::Duration::from_secs(5)).connect().await?;
                connection.execute(sqlx::raw_sql(sqlite)).await.map(drop)
            }
            Self::Server { url, .. } => try_to_run(url, postgres.to_owned()).await,
        }
    }

    /// With the same rows.
    pub async fn copy(&self, folder: &Path) -> Self {
        match self {
            Self::File(_) => {
                let copy = folder.join("data/portal.db");
                let Self::File(file) = self else { unreachable!() };
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
                let mut connection = options.connect().await.unwrap();
                sqlx::query("VACUUM INTO $1")
                    .bind(copy.to_str().unwrap())
                    .execute(&mut connection)
                    .await
                    .unwrap();
                Self::File(copy)
            }
            Self::Server { .. } => {
                let copy = Self::empty().await;
                let copied = Command::new("psql")
                    .arg("--quiet")
                    .arg(copy.url())
                    .stdin(self.dumping())
                    .output()
                    .unwrap();
                assert!(copied.status.success(), "{copied:?}");
                copy
            }
        }
    }

    /// Everything in it, as text, when it is in no file of ours.
    pub fn dump(&self) -> Option<Vec<u8>> {
        matches!(self, Self::Server { .. }).then(|| {
            let dumped = Command::new("pg_dump").arg(self.url()).output().unwrap();
            assert!(dumped.status.success(), "{dumped:?}");
            dumped.stdout
        })
    }

    fn dumping(&self) -> std::process::ChildStdout {
        let dump = Command::new("pg_dump").arg(self.url()).stdout(std::process::Stdio::piped()).spawn();
        dump.unwrap().stdout.take().unwrap()
    }
}

impl Drop for Portal {
    /// Or hundreds of databases would lie on the disk until the last test has ended.
    fn drop(&mut self) {
        if let Self::Server { name, .. } = self
            && !name.is_empty()
        {
            let drop = format!("DROP DATABASE {name} WITH (FORCE)");
            let _ = Command::new("psql").args(["--quiet", "--command", &drop, &maintenance()]).status();
        }
    }
}

/// Where databases are made.
fn maintenance() -> String {
    std::env::var("LATCHKEY_TEST_POSTGRES").expect(
        "this test needs a PostgreSQL of its own: run it as in server/tests/with-postgres cargo nextest run …",
    )
}

async fn run(url: &str, statements: String) {
    try_to_run(url, statements).await.unwrap();
}

async fn try_to_run(url: &str, statements: String) -> sqlx::Result<()> {
    let options: sqlx::postgres::PgConnectOptions = url.parse()?;
    options.connect().await?.execute(sqlx::raw_sql(AssertSqlSafe(statements))).await.map(drop)
}

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::program::lasting_port;

const USER: &str = "latchkey";
/// Loopback is all that stands between it and others: it is thrown away soon.
const PASSWORD: &str = "of-the-tests-alone";
const PATIENCE: Duration = Duration::from_mins(1);
const OFTEN: Duration = Duration::from_millis(50);

/// A PostgreSQL of one's own, on loopback, that forgets nothing when it is killed. It ends with the test.
pub struct Postgres {
    server: Option<Child>,
    port: u16,
    programs: PathBuf,
    /// Whom it runs as: it refuses to run as root.
    user: Option<(u32, u32)>,
    data: PathBuf,
    folder: TempDir,
}

/// How it is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Connections are cut, what was begun is undone, and it ends in order.
    Fast,
    /// It drops everything, and has to recover from its log when it starts again.
    Immediate,
}

impl Postgres {
    pub async fn start() -> Self {
        Self::start_on(None).await
    }

    /// With its data on a disk of their own.
    pub async fn start_on(disk: Option<&Path>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = disk.unwrap_or(folder.path()).to_owned();
        let user = other_than_root();
        for owned in [folder.path(), &place] {
            chown(owned, user.map(|(user, _)| user), user.map(|(_, group)| group)).unwrap();
        }
        let mut postgres = Self {
            server: None,
            port: lasting_port(),
            programs: programs(),
            user,
            data: place.join("data"),
            folder,
        };
        postgres.make();
        postgres.start_again().await;
        postgres
    }

    fn make(&self) {
        let mut command = self.command("initdb");
        command.args(["--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C"]);
        let made = command.arg("--no-sync").arg("--pgdata").arg(&self.data).output().unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
    }

    /// Until it answers.
    pub async fn start_again(&mut self) {
        self.spawn_again();
        let ready = async {
            while !self.is_ready() {
                // It may have found its disk full once more.
                if !self.is_running() {
                    self.spawn_again();
                }
                tokio::time::sleep(OFTEN).await;
            }
        };
        assert!(
            tokio::time::timeout(PATIENCE, ready).await.is_ok(),
            "PostgreSQL does not start: {}",
            self.logged()
        );
    }

    fn spawn_again(&mut self) {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let mut command = self.command("postgres");
        command.arg("-D").arg(&self.data).args(["-p", &self.port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=on",
            "synchronous_commit=on",
            "max_connections=200",
            "max_wal_size=64MB",
            "min_wal_size=32MB",
        ] {
            command.args(["-c", setting]);
        }
        self.server = Some(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());
    }

    pub fn is_ready(&self) -> bool {
        let port = self.port.to_string();
        let mut command = self.command("pg_isready");
        command.args(["--quiet", "--host", "127.0.0.1", "--port", &port, "--timeout", "1"]);
        command.status().is_ok_and(|status| status.success())
    }

    pub fn is_running(&mut self) -> bool {
        self.server.as_mut().is_some_and(|server| server.try_wait().unwrap().is_none())
    }

    /// Until it has ended.
    pub fn end(&mut self, how: End) {
        let Some(mut server) = self.server.take() else { return };
        let signal = match how {
            End::Fast => "-INT",
            End::Immediate => "-QUIT",
        };
        let _ = Command::new("kill").args([signal, &server.id().to_string()]).status();
        server.wait().unwrap();
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Of a database, as the program is told it.
    pub fn url(&self, database: &str) -> String {
        Self::url_at(self.port, database)
    }

    /// The same through something that listens at another port.
    pub fn url_at(port: u16, database: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{port}/{database}")
    }

    /// A fresh database: its address.
    pub fn create(&self, database: &str) -> String {
        let port = self.port.to_string();
        let mut command = self.command("createdb");
        command.args(["--host", "127.0.0.1", "--port", &port, "--username", USER, database]);
        let made = command.output().unwrap();
        assert!(made.status.success(), "createdb: {}", String::from_utf8_lossy(&made.stderr));
        self.url(database)
    }

    /// What it had to say.
    pub fn logged(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path()).stdin(Stdio::null()).env("LC_ALL", "C");
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.end(End::Immediate);
    }
}

/// Debian keeps them beside each other by version, and only what its clients need on the path.
fn programs() -> PathBuf {
    let told = Command::new("pg_config").arg("--bindir").output();
    let told = told.ok().map(|told| PathBuf::from(String::from_utf8_lossy(&told.stdout).trim()));
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .collect();
    found.sort();
    let found = found.into_iter().rev().map(|(_, path)| path);
    told.into_iter()
        .chain(found)
        .find(|path| path.join("initdb").is_file() && path.join("postgres").is_file())
        .expect("PostgreSQL is missing: type apt-get install postgresql")
}

/// The user that Debian's package brings. None: this one is not root.
fn other_than_root() -> Option<(u32, u32)> {
    let me = Command::new("id").arg("-u").output().unwrap().stdout;
    if String::from_utf8_lossy(&me).trim() != "0" {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let numbers = users.lines().find_map(|line| {
        let mut parts = line.strip_prefix("postgres:")?.split(':').skip(1);
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    });
    Some(numbers.expect("no user postgres: type apt-get install postgresql"))
}

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

use super::browser::Browser;
use super::clock::MovableClock;
use super::portal::Portal;
use super::records::until;

/// `latchkey demo` with data of its own. Killed when the test ends, however it ends.
pub struct Program {
    child: Child,
    ports: Ports,
    clock: Option<MovableClock>,
    settings: Settings,
    log_level: &'static str,
    pub portal: Portal,
    pub folder: TempDir,
    /// What must turn up nowhere: cookies' values and temporary passcodes, as browsers learn them.
    pub secrets: Secrets,
}

/// Key, as in `limits.sign_in_failures`, and value. A key without a section is a variable of somebody else.
pub type Settings = Vec<(&'static str, &'static str)>;

pub type Secrets = Arc<Mutex<BTreeSet<String>>>;

const CONFIG: &str = "latchkey.toml";

#[derive(Clone, Copy)]
struct Ports {
    pages: u16,
    management: u16,
}

impl Program {
    pub async fn start() -> Self {
        Self::start_with(Vec::new()).await
    }

    pub async fn start_with(settings: Settings) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), None, settings, "trace").await
    }

    /// For tests that would write a log of many gigabytes.
    pub async fn start_quiet(settings: Settings) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), None, settings, "warn").await
    }

    /// With its data there.
    pub async fn start_quiet_in(folder: TempDir) -> Self {
        Self::start_in(folder, None, Vec::new(), "warn").await
    }

    /// With its rows there.
    pub async fn start_quiet_on(portal: Portal, settings: Settings) -> Self {
        Self::start_on(portal, tempfile::tempdir().unwrap(), None, settings, "warn").await
    }

    pub async fn start_quiet_with_clock(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = MovableClock::new(folder.path());
        Self::start_in(folder, Some(clock), settings, "warn").await
    }

    pub async fn start_with_clock() -> Self {
        Self::start_with_clock_and(Vec::new()).await
    }

    pub async fn start_with_clock_and(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = MovableClock::new(folder.path());
        Self::start_in(folder, Some(clock), settings, "trace").await
    }

    async fn start_in(
        folder: TempDir,
        clock: Option<MovableClock>,
        settings: Settings,
        log_level: &'static str,
    ) -> Self {
        let portal = Portal::new(folder.path(), clock.is_some()).await;
        Self::start_on(portal, folder, clock, settings, log_level).await
    }

    async fn start_on(
        portal: Portal,
        folder: TempDir,
        clock: Option<MovableClock>,
        settings: Settings,
        log_level: &'static str,
    ) -> Self {
        let ports = Ports { pages: lasting_port(), management: lasting_port() };
        let child = spawn(&folder, &portal, ports, clock.as_ref(), &settings, log_level);
        let secrets = Secrets::default();
        let program = Self { child, ports, clock, settings, log_level, portal, folder, secrets };
        program.ready().await;
        program
    }

    /// Moves the clock that the program goes by: its machine's, or its database's, which stands still until the program has
    /// looked at it. Returns how long that was.
    #[allow(clippy::disallowed_methods, reason = "measures how long it stood still")]
    pub async fn jump(&mut self, seconds: i64) -> Duration {
        self.clock.as_mut().expect("started with a clock").jump(seconds);
        let Some(time) = self.portal.stop_clock(seconds).await else { return Duration::ZERO };
        let start = std::time::Instant::now();
        let (mut asked, mut stood_still) = (Duration::ZERO, Duration::ZERO);
        if self.child.try_wait().unwrap().is_none() {
            let before = self.figure("latchkey_clock_seconds").await;
            until("the program goes by its database's time", Duration::from_secs(20), async || {
                // It had not looked yet when it was asked before.
                stood_still = std::mem::replace(&mut asked, start.elapsed());
                let goes_by = self.figure("latchkey_clock_seconds").await;
                // It is told in milliseconds.
                (goes_by + 0.001 > time || (seconds < 0 && goes_by > before)).then_some(())
            })
            .await;
        }
        self.portal.start_clock(time).await;
        stood_still
    }

    async fn figure(&self, name: &str) -> f64 {
        let metrics = self.metrics().await;
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|figure| figure.parse().ok()).unwrap_or_default()
    }

    /// SIGKILL: nothing of the program runs after it.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As whoever runs it asks it to end: `TERM`, or `INT` for Ctrl-C.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.process());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Whether it ended well, which it has to do in time.
    pub async fn ended(&mut self, within: Duration) -> bool {
        until("the program ends", within, async || self.child.try_wait().unwrap()).await.success()
    }

    /// Another program that goes on from a copy of this one's data. What it shows is what this one keeps.
    pub async fn twin(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        self.copy("fleet.db", &folder.path().join("data/fleet.db")).await;
        let portal = self.portal.copy(folder.path()).await;
        std::fs::copy(self.data().join("seal.key"), folder.path().join("data/seal.key")).unwrap();
        let mut twin = Self::start_on(portal, folder, None, self.settings.clone(), self.log_level).await;
        twin.secrets = Arc::clone(&self.secrets);
        twin
    }

    /// With the same data, at the same address.
    pub async fn start_again(&mut self) {
        self.spawn_again();
        self.ready().await;
    }

    pub fn spawn_again(&mut self) {
        self.child = spawn(
            &self.folder,
            &self.portal,
            self.ports,
            self.clock.as_ref(),
            &self.settings,
            self.log_level,
        );
    }

    /// As the system knows it.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.pages)
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The file of its settings, if a test writes one.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join(CONFIG)
    }

    pub fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// A browser that nobody has used yet.
    pub fn browser(&self) -> Browser {
        Browser::new(self.url(), Arc::clone(&self.secrets))
    }

    /// The same under a name, to which passkeys can belong.
    pub fn browser_by_name(&self) -> Browser {
        Browser::new(self.url().replace("127.0.0.1", "localhost"), Arc::clone(&self.secrets))
    }

    /// What the management port tells an operator.
    pub async fn metrics(&self) -> String {
        let address = format!("http://127.0.0.1:{}/metrics", self.ports.management);
        reqwest::get(&address).await.unwrap().text().await.unwrap()
    }

    /// An operator's command beside the running program, on its database.
    pub fn operate(&self, words: &[&str], settings: &[(&str, &str)], stdin: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
            .env("LATCHKEY_DATABASE__URL", self.portal.url())
            .env("LATCHKEY_SEAL__KEY_FILE", self.data().join("seal.key"))
            .envs(settings.iter().map(|(key, value)| (variable(key), value)));
        let mut child = command.spawn().unwrap();
        // It may have refused without reading.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        child.wait_with_output().unwrap()
    }

    pub async fn ready(&self) {
        let address = self.readiness();
        until("the program is ready", Duration::from_mins(1), async || {
            reqwest::get(&address).await.is_ok_and(|answer| answer.status().is_success()).then_some(())
        })
        .await;
    }

    /// Where a load balancer asks.
    pub fn readiness(&self) -> String {
        format!("http://127.0.0.1:{}/health/ready", self.ports.management)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(
    folder: &TempDir,
    portal: &Portal,
    ports: Ports,
    clock: Option<&MovableClock>,
    settings: &Settings,
    log_level: &str,
) -> Child {
    let log = File::options().create(true).append(true).open(folder.path().join("log")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command
        .args(["demo", "--listen", &format!("127.0.0.1:{}", ports.pages)])
        .args(["--management-listen", &format!("127.0.0.1:{}", ports.management)])
        .arg("--data")
        .arg(folder.path().join("data"))
        .env("LATCHKEY_DATABASE__URL", portal.url())
        .env("RUST_LOG", log_level)
        .env("NO_COLOR", "1")
        .envs(settings.iter().map(|(key, value)| (variable(key), value)))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log);
    let config = folder.path().join(CONFIG);
    if config.exists() {
        command.arg("--config").arg(config);
    }
    if let Some(clock) = clock {
        clock.rule(&mut command);
    }
    command.spawn().unwrap()
}

/// The variable of a setting.
fn variable(key: &str) -> String {
    if !key.contains('.') {
        return key.to_owned();
    }
    format!("LATCHKEY_{}", key.replace('.', "__").to_uppercase())
}

/// Free, and below those that the system hands out: nobody gets it while its program is down.
pub fn lasting_port() -> u16 {
    loop {
        #[expect(clippy::disallowed_methods, reason = "which one it is is nobody's business")]
        let port = 20_000 + u16::try_from(getrandom::u32().unwrap() % 12_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

//! Three replicas of the portal, what they stand on, and who asks them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sqlx::Executor;
use stand_ins::{Kind, Phone, Setup, StandIn, System};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::balancer::Balancer;
use crate::link::{Link, Weather};
use crate::oracle::rows;
use crate::replica::Replica;
use crate::support::{Browser, Disk, Postgres, Secrets, until};

pub const REPLICAS: usize = 3;
const DATABASE: &str = "portal";
/// Of PostgreSQL.
const DISK: &str = "640M";
const MOST_PEOPLE: usize = 99;

// What it is made of ends in this order.
pub struct Cluster {
    pub balancer: Balancer,
    pub replicas: Vec<Replica>,
    pub mdms: BTreeMap<&'static str, StandIn>,
    /// Milliseconds by which the clock of the MDMs is ahead of the machine's.
    ahead: Arc<AtomicI64>,
    pub postgres: Mutex<Postgres>,
    /// Its database without anything between.
    pub database: String,
    pub disk: Option<Disk>,
    pub people: usize,
    folder: TempDir,
}

pub fn user_name(person: usize) -> String {
    format!("person-{person}")
}

pub fn password(person: usize) -> String {
    format!("of person {person}, and nobody else")
}

fn email(person: usize) -> String {
    format!("person-{person}@example.com")
}

/// As the MDM knows it. Fleet's are numbers.
pub fn phone(kind: Kind, person: usize) -> String {
    if kind == Kind::Fleet { format!("{}", 100 + person) } else { format!("{}-{person}", kind.name()) }
}

/// As the portal knows it.
pub fn device(kind: Kind, person: usize) -> String {
    format!("{}.{}", kind.name(), phone(kind, person))
}

impl Cluster {
    /// With so many people, each with a phone on each MDM.
    pub async fn start(people: usize) -> Self {
        assert!(people <= MOST_PEOPLE);
        let folder = tempfile::tempdir().unwrap();
        // PostgreSQL runs as somebody else, who has to get to its disk.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
        let disk = Disk::mount(folder.path(), DISK);
        let postgres = Postgres::start_on(disk.as_ref().map(|disk| disk.place.as_path())).await;
        let database = postgres.create(DATABASE);
        let ahead = Arc::new(AtomicI64::new(0));
        let mdms = mdms(people, &ahead).await;
        let port = Balancer::port();
        let mut replicas = Vec::new();
        for number in 0..REPLICAS {
            let mut links = Vec::new();
            for mdm in mdms.values() {
                let behind = mdm.url.rsplit(':').next().unwrap().parse().unwrap();
                let link = Link::to(behind).await;
                mdm.is_also_at(&link.url());
                links.push((mdm.kind(), link));
            }
            let way = Link::to(postgres.port()).await;
            let replica = Replica::new(folder.path().join(format!("replica-{number}")), way, links);
            let settings = settings(&replica, &mdms, people, port, folder.path());
            std::fs::write(replica.config(), settings).unwrap();
            replicas.push(replica);
        }
        let ports: Vec<_> = replicas.iter().map(|replica| replica.ports).collect();
        let balancer = Balancer::start(folder.path(), port, &ports);
        let postgres = Mutex::new(postgres);
        let cluster = Self { balancer, replicas, mdms, ahead, postgres, database, disk, people, folder };
        cluster.prepare().await;
        cluster
    }

    /// The tables, the people, the key, and the first news of NanoMDM.
    async fn prepare(&self) {
        let mut rows = rows(self).await;
        rows.execute(sqlx::raw_sql(MOVABLE_CLOCK)).await.unwrap();
        operate(&self.replicas[0].config(), &["migrate"], "").unwrap();
        std::thread::scope(|scope| {
            for person in 0..self.people {
                scope.spawn(move || {
                    let words =
                        ["user", "add", &user_name(person), "--email", &email(person), "--password-stdin"];
                    operate(&self.replicas[0].config(), &words, &password(person)).unwrap();
                });
            }
        });
        for replica in &self.replicas {
            replica.start();
            self.is_ready(replica).await;
        }
        until("the balancer has found everybody", Duration::from_secs(20), async || {
            reqwest::get(format!("{}/sign-in", self.url()))
                .await
                .is_ok_and(|it| it.status() == 200)
                .then_some(())
        })
        .await;
        let nanomdm = &self.mdms[Kind::NanoMdm.name()];
        nanomdm.webhook_to(&format!("{}/webhooks/nanomdm", self.url()));
        nanomdm.hold_events(false);
        nanomdm.advance().await;
    }

    pub async fn is_ready(&self, replica: &Replica) {
        until("a replica is ready", Duration::from_mins(1), async || answers(replica).await.then_some(()))
            .await;
    }

    /// As people know it.
    pub fn url(&self) -> String {
        format!("http://{}", self.host())
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.balancer.port)
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.url(), Secrets::default())
    }

    /// Another one of the same visitor, which asks this replica and no other.
    pub fn at(&self, visitor: &Browser, replica: usize) -> Browser {
        let mut other = visitor.copy();
        other.url = format!("http://127.0.0.1:{}", self.replicas[replica].ports.pages);
        other.origin = Some(self.url());
        other
    }

    pub fn mdm(&self, kind: Kind) -> &StandIn {
        &self.mdms[kind.name()]
    }

    /// The clocks that count: of the database, by which the replicas go, and of the MDMs.
    pub async fn jump(&self, seconds: i64) {
        self.ahead.fetch_add(seconds * 1000, Ordering::Relaxed);
        let statement = "UPDATE public.movable_clock SET ahead = ahead + make_interval(secs => $1::float8)";
        let seconds = f64::from(i32::try_from(seconds).unwrap());
        sqlx::query(statement).bind(seconds).execute(&mut rows(self).await).await.unwrap();
    }

    /// Everything is as it was: nobody is down, nothing is slow, and the clocks are right.
    pub async fn heal(&self) {
        for mdm in self.mdms.values() {
            mdm.recover();
            for person in 0..self.people {
                mdm.set_online(&phone(mdm.kind(), person), true);
                mdm.device_refuses(&phone(mdm.kind(), person), false);
            }
        }
        if let Some(disk) = &self.disk {
            disk.make_room();
        }
        let mut postgres = self.postgres.lock().await;
        if !postgres.is_running() {
            postgres.start_again().await;
        }
        drop(postgres);
        for replica in &self.replicas {
            replica.database.becomes(Weather::Fair);
            replica.mdms.iter().for_each(|(_, link)| link.becomes(Weather::Fair));
            replica.start();
        }
        for replica in &self.replicas {
            replica.set_clock(0);
            self.is_ready(replica).await;
        }
    }

    /// Whether the chain of the audit is whole, whoever wrote and died.
    pub fn verify_audit(&self) -> Result<(), String> {
        operate(&self.replicas[0].config(), &["audit", "verify"], "")
    }

    /// Left behind for whoever looks into what went wrong.
    pub fn keep_logs(&self, place: &Path) {
        let _ = std::fs::create_dir_all(place);
        for (number, replica) in self.replicas.iter().enumerate() {
            let _ = std::fs::copy(replica.log(), place.join(format!("replica-{number}.log")));
        }
        let _ = std::fs::copy(self.folder.path().join("haproxy.log"), place.join("haproxy.log"));
    }
}

pub async fn answers(replica: &Replica) -> bool {
    let address = format!("http://127.0.0.1:{}/health/ready", replica.ports.management);
    let asked = tokio::time::timeout(Duration::from_secs(2), reqwest::get(&address)).await;
    asked.is_ok_and(|answer| answer.is_ok_and(|answer| answer.status().is_success()))
}

async fn mdms(people: usize, ahead: &Arc<AtomicI64>) -> BTreeMap<&'static str, StandIn> {
    let mut mdms = BTreeMap::new();
    for kind in Kind::ALL {
        let (machine, told) = (Setup::default().clock, Arc::clone(ahead));
        let clock = Arc::new(move || machine() + told.load(Ordering::Relaxed));
        let webhook =
            Some(("http://127.0.0.1:9/".to_owned(), "a webhook's secret, of the tests alone".to_owned()));
        let mdm = StandIn::start(kind, Setup { clock, webhook }).await;
        // Until somebody listens.
        mdm.hold_events(true);
        let system = if matches!(kind, Kind::Intune | Kind::Android) { System::Android } else { System::Ios };
        for person in 0..people {
            let name = format!("The {} of person {person}", kind.name());
            mdm.add(Phone::new(phone(kind, person), name, system, email(person)));
        }
        mdms.insert(kind.name(), mdm);
    }
    mdms
}

/// Before the system's own in the way of names, so that the time by which the replicas go can be put forward.
const MOVABLE_CLOCK: &str = "ALTER DATABASE portal SET search_path = public, pg_catalog;
    CREATE TABLE movable_clock (ahead interval NOT NULL);
    INSERT INTO movable_clock VALUES ('0');
    CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
        'SELECT pg_catalog.clock_timestamp() + ahead FROM public.movable_clock';";

/// As an operator writes them, with the ways that can be cut in place of the addresses.
fn settings(
    replica: &Replica,
    mdms: &BTreeMap<&'static str, StandIn>,
    people: usize,
    balancer: u16,
    folder: &Path,
) -> String {
    let database = Postgres::url_at(replica.database.port, DATABASE);
    let mut text = format!(
        "[server]
listen = \"127.0.0.1:{}\"
management_listen = \"127.0.0.1:{}\"
public_url = \"http://127.0.0.1:{balancer}\"
trusted_proxies = [\"127.0.0.1\"]
[database]
url = \"{database}\"
[seal]
key_file = \"{}\"
[limits]
resets_per_device_and_hour = 1000
sign_in_failures = 1000
sign_in_failures_per_account = 100000
sign_in_failures_per_address = 100000
streams_per_person = 1000
",
        replica.ports.pages,
        replica.ports.management,
        folder.join("seal.key").display(),
    );
    for (kind, link) in &replica.mdms {
        let mdm = &mdms[kind.name()];
        writeln!(text, "[[fleet]]\nid = \"{0}\"\nkind = \"{0}\"\ntimeout_seconds = 3", kind.name()).unwrap();
        for (key, value) in mdm.settings() {
            match value.as_str() {
                "true" | "false" => writeln!(text, "{key} = {value}").unwrap(),
                _ => writeln!(text, "{key} = \"{}\"", value.replace(&mdm.url, &link.url())).unwrap(),
            }
        }
    }
    for person in 0..people {
        let serial = format!("S-{}", phone(Kind::NanoMdm, person));
        writeln!(text, "[[owner]]\nperson = \"{}\"\nserial = \"{serial}\"", email(person)).unwrap();
    }
    text
}

/// A command of the operator's.
fn operate(config: &PathBuf, words: &[&str], stdin: &str) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.arg("--config").arg(config).args(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{words:?}: {said}")) }
}

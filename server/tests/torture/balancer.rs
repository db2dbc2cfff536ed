use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::replica::Ports;
use crate::support::lasting_port;

/// Debian's haproxy in front of the replicas, as an operator would set it up. It ends with the test.
pub struct Balancer {
    pub port: u16,
    /// Where it tells what it has seen.
    socket: PathBuf,
    process: Child,
}

/// What people got.
pub struct Answers {
    pub all: u64,
    pub server_errors: u64,
}

/// It sends nothing twice that may have arrived: who asks again are people.
const SETTINGS: &str = "
global
    maxconn 4000
    nbthread 1
    stats socket SOCKET
defaults
    mode http
    timeout connect 1s
    timeout client 60s
    timeout server 20s
    timeout tunnel 1h
    timeout queue 3s
    timeout check 1s
    option forwardfor
    option redispatch
    retries 2
frontend portal
    bind 127.0.0.1:PORT
    default_backend replicas
backend replicas
    balance roundrobin
    option httpchk
    http-check send meth GET uri /health/ready
    http-check expect status 200
    default-server inter 500ms fall 2 rise 1
";

impl Balancer {
    pub fn port() -> u16 {
        lasting_port()
    }

    pub fn start(folder: &Path, port: u16, replicas: &[Ports]) -> Self {
        let socket = folder.join("haproxy.sock");
        let mut settings =
            SETTINGS.replace("PORT", &port.to_string()).replace("SOCKET", socket.to_str().unwrap());
        for (number, ports) in replicas.iter().enumerate() {
            let Ports { pages, management } = ports;
            writeln!(settings, "    server replica{number} 127.0.0.1:{pages} check port {management}")
                .unwrap();
        }
        let file = folder.join("haproxy.cfg");
        std::fs::write(&file, settings).unwrap();
        let log = File::create(folder.join("haproxy.log")).unwrap();
        let program = ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy"]
            .into_iter()
            .find(|path| Path::new(path).is_file());
        let process = Command::new(program.unwrap_or("haproxy"))
            .arg("-db")
            .arg("-f")
            .arg(file)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("haproxy is missing: type apt-get install haproxy");
        Self { port, socket, process }
    }

    /// Since it started.
    pub async fn answers(&self) -> Answers {
        let seen = self.seen().await;
        let frontend = seen.iter().find(|row| row["svname"] == "FRONTEND").unwrap();
        let count = |class: &str| frontend[&format!("hrsp_{class}")].parse::<u64>().unwrap();
        let all = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"].map(count).iter().sum();
        Answers { all, server_errors: count("5xx") }
    }

    /// To how many it sends people.
    pub async fn replicas_up(&self) -> usize {
        let seen = self.seen().await;
        let up =
            |row: &&BTreeMap<String, String>| row["svname"].starts_with("replica") && row["status"] == "UP";
        seen.iter().filter(up).count()
    }

    /// Row by row, by the names of its columns.
    async fn seen(&self) -> Vec<BTreeMap<String, String>> {
        let mut socket = UnixStream::connect(&self.socket).await.unwrap();
        socket.write_all(b"show stat\n").await.unwrap();
        let mut said = String::new();
        socket.read_to_string(&mut said).await.unwrap();
        let mut lines = said.trim().trim_start_matches("# ").lines();
        let names: Vec<&str> = lines.next().unwrap().split(',').collect();
        let row = |line: &str| {
            names
                .iter()
                .zip(line.split(','))
                .map(|(name, value)| ((*name).to_owned(), value.to_owned()))
                .collect()
        };
        lines.map(row).collect()
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

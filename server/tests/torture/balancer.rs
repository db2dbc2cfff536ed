use std::fmt::Write;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::replica::Ports;
use crate::support::lasting_port;

/// Debian's haproxy in front of the replicas, as an operator would set it up. It ends with the test.
pub struct Balancer {
    pub port: u16,
    process: Child,
}

/// It sends nothing twice that may have arrived: who asks again are people.
const SETTINGS: &str = "
global
    maxconn 4000
    nbthread 1
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
        let mut settings = SETTINGS.replace("PORT", &port.to_string());
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
        Self { port, process }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

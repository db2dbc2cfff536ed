//! One of several programs that serve the same portal.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard};

use stand_ins::Kind;

use crate::link::Link;
use crate::support::{MovableClock, lasting_port};

#[derive(Clone, Copy)]
pub struct Ports {
    pub pages: u16,
    pub management: u16,
}

pub struct Replica {
    pub ports: Ports,
    /// Its ways to its neighbours.
    pub database: Link,
    pub mdms: Vec<(Kind, Link)>,
    folder: PathBuf,
    process: Mutex<Process>,
}

struct Process {
    child: Option<Child>,
    clock: MovableClock,
    /// Seconds by which its clock is wrong.
    offset: i64,
    /// Whether somebody keeps it running, as systemd would.
    kept: bool,
    /// How often it ended without having been killed.
    ends: usize,
}

impl Replica {
    pub fn new(folder: PathBuf, database: Link, mdms: Vec<(Kind, Link)>) -> Self {
        std::fs::create_dir(&folder).unwrap();
        let clock = MovableClock::new(&folder);
        Self {
            ports: Ports { pages: lasting_port(), management: lasting_port() },
            database,
            mdms,
            process: Mutex::new(Process { child: None, clock, offset: 0, kept: false, ends: 0 }),
            folder,
        }
    }

    pub fn config(&self) -> PathBuf {
        self.folder.join("latchkey.toml")
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    pub fn start(&self) {
        let mut process = self.process();
        process.kept = true;
        match &process.child {
            // It may stand still.
            Some(child) => signal("-CONT", child.id()),
            None => process.child = Some(spawn(&self.config(), &self.log(), &process.clock)),
        }
    }

    /// SIGKILL, also of one that stands still.
    pub fn kill(&self) {
        let mut process = self.process();
        process.kept = false;
        if let Some(mut child) = process.child.take() {
            let _ = child.kill();
            child.wait().unwrap();
        }
    }

    /// SIGTERM.
    pub fn ask_to_end(&self) {
        let mut process = self.process();
        process.kept = false;
        if let Some(child) = &process.child {
            signal("-TERM", child.id());
        }
    }

    /// Of one that was asked to: whether it ended well. None: it has not ended.
    pub fn ended(&self) -> Option<bool> {
        let mut process = self.process();
        let status = process.child.as_mut().map(|child| child.try_wait().unwrap());
        if let Some(Some(_)) = status {
            process.child = None;
        }
        // Somebody else has killed it meanwhile.
        status.map_or(Some(false), |status| status.map(|status| status.success()))
    }

    /// SIGSTOP. What comes back sets it going again, if it is there still.
    pub fn stop(&self) -> Option<u32> {
        let process = self.process();
        let id = process.child.as_ref()?.id();
        signal("-STOP", id);
        Some(id)
    }

    pub fn go_on(&self, id: u32) {
        let process = self.process();
        if process.child.as_ref().is_some_and(|child| child.id() == id) {
            signal("-CONT", id);
        }
    }

    pub fn set_clock(&self, offset: i64) {
        let mut process = self.process();
        let seconds = offset - process.offset;
        process.clock.jump(seconds);
        process.offset = offset;
    }

    /// Starts it again when it has ended by itself, as it does when its database is not there.
    pub fn look_after(&self) {
        let mut process = self.process();
        let ended = process.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_some());
        if process.kept && ended {
            process.ends += 1;
            process.child = Some(spawn(&self.config(), &self.log(), &process.clock));
        }
    }

    pub fn ends(&self) -> usize {
        self.process().ends
    }

    /// A lock is held for a moment only, and never while anything is awaited.
    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap()
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(config: &Path, log: &Path, clock: &MovableClock) -> Child {
    let log = File::options().create(true).append(true).open(log).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.arg("--config").arg(config).arg("serve").env("RUST_LOG", "warn").env("NO_COLOR", "1");
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    clock.rule(&mut command);
    command.spawn().unwrap()
}

fn signal(signal: &str, id: u32) {
    let _ = Command::new("kill").args([signal, &id.to_string()]).status();
}

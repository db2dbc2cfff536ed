//! What goes wrong, and when: all of it follows from the seed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use stand_ins::Kind;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::chance::Chance;
use crate::cluster::{Cluster, REPLICAS, answers};
use crate::link::Weather;
use crate::support::End;

/// Milliseconds from the start.
pub struct Plan(Vec<(u64, Fault)>);

#[derive(Clone, Debug)]
pub enum Fault {
    /// `kill -9`, and started again after so long.
    Kill {
        replica: usize,
        millis: u64,
    },
    /// It is asked to end, and started again so long after it has.
    End {
        replica: usize,
        millis: u64,
    },
    /// It stands still for so long, and does not know it afterwards.
    Stop {
        replica: usize,
        millis: u64,
    },
    Postgres {
        how: End,
        millis: u64,
    },
    /// Between a replica and its database.
    ToDatabase {
        replica: usize,
        weather: Weather,
        millis: u64,
    },
    /// Between a replica and an MDM, or between all of them and it.
    ToMdm {
        replica: Option<usize>,
        kind: Kind,
        weather: Weather,
        millis: u64,
    },
    /// The MDM itself, with its next requests.
    Mdm {
        kind: Kind,
        fault: stand_ins::Fault,
        requests: usize,
        orders: bool,
    },
    /// The clock is wrong by so much for so long.
    Clock {
        replica: usize,
        seconds: i64,
        millis: u64,
    },
    /// PostgreSQL's disk is full.
    Disk {
        millis: u64,
    },
}

const PURPOSE: u64 = 1;
const ENDED_AT_MOST: Duration = Duration::from_secs(20);
const KINDS: [Kind; 4] = Kind::ALL;

impl Plan {
    pub fn of(seed: u64, seconds: u64) -> Self {
        let mut chance = Chance::of(seed, PURPOSE);
        let (mut at, mut plan) = (0, Vec::new());
        loop {
            at += chance.within(500, 4_500);
            if at >= seconds * 1000 {
                return Self(plan);
            }
            plan.push((at, fault(&mut chance)));
        }
    }
}

fn fault(chance: &mut Chance) -> Fault {
    let replica = usize::try_from(chance.within(0, REPLICAS as u64 - 1)).unwrap();
    let kind = chance.pick(&KINDS);
    match chance.within(0, 99) {
        0..=9 => Fault::Kill { replica, millis: chance.within(0, 6_000) },
        10..=12 => Fault::End { replica, millis: chance.within(0, 3_000) },
        13..=22 => Fault::Stop { replica, millis: chance.within(500, 15_000) },
        23..=26 => Fault::Postgres { how: End::Fast, millis: chance.within(0, 2_000) },
        27..=30 => Fault::Postgres { how: End::Immediate, millis: chance.within(0, 2_000) },
        31..=44 => {
            Fault::ToDatabase { replica, weather: weather(chance), millis: chance.within(200, 10_000) }
        }
        45..=58 => {
            let replica = if chance.in_a_hundred(30) { None } else { Some(replica) };
            Fault::ToMdm { replica, kind, weather: weather(chance), millis: chance.within(200, 8_000) }
        }
        59..=90 => {
            let (fault, orders) = (trouble(chance), chance.in_a_hundred(50));
            // A list of other devices cannot be told from the truth: whose phone is missing in it is told so.
            let orders = orders || fault == stand_ins::Fault::AnotherDevice;
            let requests = usize::try_from(chance.within(1, 6)).unwrap();
            Fault::Mdm { kind, fault, requests, orders }
        }
        91..=98 => {
            let seconds = i64::try_from(chance.within(5, 180)).unwrap();
            let seconds = if chance.in_a_hundred(50) { -seconds } else { seconds };
            Fault::Clock { replica, seconds, millis: chance.within(1_000, 20_000) }
        }
        _ => Fault::Disk { millis: chance.within(500, 3_000) },
    }
}

fn weather(chance: &mut Chance) -> Weather {
    match chance.within(0, 2) {
        0 => Weather::Cut,
        1 => Weather::Held,
        _ => Weather::Slow(Duration::from_millis(chance.within(5, 300))),
    }
}

/// The three seconds that the portal gives an MDM for an answer are sometimes not enough.
fn trouble(chance: &mut Chance) -> stand_ins::Fault {
    use stand_ins::Fault;
    let time = Duration::from_millis(chance.within(100, 6_000));
    match chance.within(0, 11) {
        0 => Fault::Slow(time),
        1 | 2 => Fault::SlowAfter(time),
        3 => Fault::Throttle { retry_after: u32::try_from(chance.within(1, 5)).unwrap() },
        4 => Fault::Status(chance.pick(&[500, 502, 503, 504])),
        5 | 6 => Fault::Cut,
        7 | 8 => Fault::CutAfter,
        9 => Fault::Html,
        10 => Fault::AnotherDevice,
        _ => Fault::HalfJson,
    }
}

/// How the path of an order to reset a passcode is told from others.
fn order_path(kind: Kind) -> &'static str {
    match kind {
        Kind::Intune => "resetPasscode",
        Kind::NanoMdm => "/v1/enqueue",
        Kind::Android => ":issueCommand",
        Kind::Fleet => "clear_passcode",
    }
}

/// How long it took after PostgreSQL was back until every replica that runs said that it is ready.
#[derive(Default)]
pub struct Recoveries(pub Vec<Duration>);

/// Does all of it, one beside the other, and everything is undone at the end.
pub async fn carry_out(plan: Plan, cluster: &Arc<Cluster>) -> Recoveries {
    let start = Instant::now();
    let mut under_way = JoinSet::new();
    for (at, fault) in plan.0 {
        sleep_until(start + Duration::from_millis(at)).await;
        let cluster = Arc::clone(cluster);
        under_way.spawn(async move { happen(fault, &cluster).await });
    }
    Recoveries(under_way.join_all().await.into_iter().flatten().collect())
}

async fn happen(fault: Fault, cluster: &Cluster) -> Option<Duration> {
    match fault {
        Fault::Kill { replica, millis } => {
            cluster.replicas[replica].kill();
            pass(millis).await;
            cluster.replicas[replica].start();
        }
        Fault::End { replica, millis } => {
            let replica = &cluster.replicas[replica];
            replica.ask_to_end();
            // It may stand still.
            let ended = async {
                while replica.ended().is_none() {
                    pass(50).await;
                }
            };
            let _ = timeout(ENDED_AT_MOST, ended).await;
            pass(millis).await;
            replica.start();
        }
        Fault::Stop { replica, millis } => {
            let replica = &cluster.replicas[replica];
            let stopped = replica.stop();
            pass(millis).await;
            if let Some(id) = stopped {
                replica.go_on(id);
            }
        }
        Fault::Postgres { how, millis } => {
            let mut postgres = cluster.postgres.lock().await;
            tokio::task::block_in_place(|| postgres.end(how));
            pass(millis).await;
            postgres.start_again().await;
            drop(postgres);
            return recovery(cluster).await;
        }
        Fault::ToDatabase { replica, weather, millis } => {
            let way = &cluster.replicas[replica].database;
            way.becomes(weather);
            pass(millis).await;
            way.becomes(Weather::Fair);
        }
        Fault::ToMdm { replica, kind, weather, millis } => {
            let replicas = || {
                let all = cluster.replicas.iter().enumerate();
                all.filter(|(number, _)| replica.is_none_or(|only| only == *number))
            };
            let becomes = |weather| {
                let links = replicas().flat_map(|(_, replica)| &replica.mdms);
                links.filter(|(of, _)| *of == kind).for_each(|(_, link)| link.becomes(weather));
            };
            becomes(weather);
            pass(millis).await;
            becomes(Weather::Fair);
        }
        Fault::Mdm { kind, fault, requests, orders } => {
            let mdm = cluster.mdm(kind);
            if orders {
                mdm.suffer_on(order_path(kind), fault, requests);
            } else {
                mdm.suffer(fault, requests);
            }
        }
        Fault::Clock { replica, seconds, millis } => {
            let replica = &cluster.replicas[replica];
            replica.set_clock(seconds);
            pass(millis).await;
            replica.set_clock(0);
        }
        Fault::Disk { millis } => {
            let disk = cluster.disk.as_ref()?;
            tokio::task::block_in_place(|| disk.fill());
            pass(millis).await;
            disk.make_room();
            let mut postgres = cluster.postgres.lock().await;
            if !postgres.is_running() {
                postgres.start_again().await;
            }
        }
    }
    None
}

/// From one answer of a replica that it is ready. What stands still or is cut off says nothing of PostgreSQL.
async fn recovery(cluster: &Cluster) -> Option<Duration> {
    let back = Instant::now();
    let at_most = Duration::from_secs(30);
    while back.elapsed() < at_most {
        for replica in &cluster.replicas {
            if answers(replica).await {
                return Some(back.elapsed());
            }
        }
        sleep(Duration::from_millis(50)).await;
    }
    None
}

async fn pass(millis: u64) {
    sleep(Duration::from_millis(millis)).await;
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in &self.0 {
            writeln!(f, "  {:>4}.{:03} s  {fault}", at / 1000, at % 1000)?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End { replica, millis } => {
                write!(f, "replica {replica} is asked to end, and back {millis} ms after it has")
            }
            Self::Kill { replica, millis } => {
                write!(f, "replica {replica} is killed, and back after {millis} ms")
            }
            Self::Stop { replica, millis } => write!(f, "replica {replica} stands still for {millis} ms"),
            Self::Postgres { how, millis } => {
                write!(f, "PostgreSQL ends ({how:?}), and is back after {millis} ms")
            }
            Self::ToDatabase { replica, weather, millis } => {
                write!(f, "replica {replica} to PostgreSQL: {weather:?} for {millis} ms")
            }
            Self::ToMdm { replica: Some(replica), kind, weather, millis } => {
                write!(f, "replica {replica} to {}: {weather:?} for {millis} ms", kind.name())
            }
            Self::ToMdm { replica: None, kind, weather, millis } => {
                write!(f, "everybody to {}: {weather:?} for {millis} ms", kind.name())
            }
            Self::Mdm { kind, fault, requests, orders } => {
                let what = if *orders { "orders" } else { "requests" };
                write!(f, "{}, the next {requests} {what}: {fault:?}", kind.name())
            }
            Self::Clock { replica, seconds, millis } => {
                write!(f, "the clock of replica {replica} is wrong by {seconds} s for {millis} ms")
            }
            Self::Disk { millis } => write!(f, "the disk of PostgreSQL is full for {millis} ms"),
        }
    }
}

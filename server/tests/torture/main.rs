//! Faults on purpose, over three replicas of the real program, a PostgreSQL, a balancer and MDMs that keep a journal, while
//! people reset their phones. `make torture SECONDS=600 SEED=7`; what it proves stands in docs/guarantees.md.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod balancer;
mod book;
mod chance;
mod cluster;
mod drills;
mod ear;
mod ending;
mod faults;
mod link;
mod oracle;
mod people;
mod replica;
mod rounds;
#[path = "../support/mod.rs"]
mod support;
mod trying;
mod upgrade;
mod watching;

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use stand_ins::Kind;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::book::Gate;
use crate::cluster::Cluster;
use crate::ending::come_to_an_end;
use crate::faults::{Plan, Recoveries, carry_out};
use crate::oracle::Verdict;
use crate::people::Visitor;

const PEOPLE: usize = 15;
const HOW: &str = "torture --seconds N [--seed S] [--rounds N]; make torture SECONDS=60 does it";

/// What the command line says.
struct Told {
    seconds: u64,
    seed: u64,
    /// Of a hundred submits of one grant at once.
    rounds: usize,
    /// Where the logs go when something is wrong.
    logs: PathBuf,
}

fn main() -> ExitCode {
    let Some(told) = told() else {
        // Not where a runner looks for a list of tests.
        eprintln!("{HOW}");
        return ExitCode::SUCCESS;
    };
    println!("seed {}", told.seed);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let is_well = runtime.block_on(async {
        tokio::select! {
            is_well = torture(&told) => is_well,
            // Everything that was started ends with it.
            () = asked_to_end() => false,
        }
    });
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn asked_to_end() {
    let mut terminated = signal(SignalKind::terminate()).unwrap();
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

/// None: whoever runs all tests did not mean this one.
fn told() -> Option<Told> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let place = words.iter().position(|word| word == name)?;
        Some(
            words.get(place + 1).and_then(|word| word.parse::<u64>().ok()).unwrap_or_else(|| panic!("{HOW}")),
        )
    };
    #[expect(clippy::disallowed_methods, reason = "a seed that nobody chose")]
    let any = || u64::from(getrandom::u32().unwrap());
    Some(Told {
        seconds: value("--seconds")?,
        seed: value("--seed").unwrap_or_else(any),
        rounds: usize::try_from(value("--rounds").unwrap_or(0)).unwrap(),
        logs: std::env::temp_dir().join(format!("latchkey-torture-{}", std::process::id())),
    })
}

async fn torture(told: &Told) -> bool {
    let plan = Plan::of(told.seed, told.seconds);
    println!("{plan}");
    let cluster = Arc::new(Cluster::start(PEOPLE).await);
    if cluster.disk.is_none() {
        println!("No disk could be mounted here, so PostgreSQL's is not filled.");
    }
    let began = Instant::now();
    let mut wrong = to_its_end(&cluster, "rounds", rounds::run(&cluster, told.rounds)).await;
    println!(
        "{} rounds of 100 submits of one grant: {} were wrong ({:?})",
        told.rounds,
        wrong.len(),
        began.elapsed()
    );

    wrong.extend(to_its_end(&cluster, "drills", drills::run(&cluster)).await);

    let gate = Arc::new(Gate::default());
    let mut people = JoinSet::new();
    for person in 0..PEOPLE {
        for kind in Kind::ALL {
            people.spawn(Visitor::new(&cluster, &gate, told.seed, person, kind).live());
        }
    }
    wrong.extend(to_its_end(&cluster, "upgrade", upgrade::roll(&cluster)).await);
    let keeper = tokio::spawn(keep_running(Arc::clone(&cluster)));
    let Recoveries(recoveries) = carry_out(plan, &cluster).await;
    gate.end();
    cluster.heal().await;
    let visitors = come_to_an_end(&cluster, &gate, people).await;
    keeper.abort();

    let ends: usize = cluster.replicas.iter().map(replica::Replica::ends).sum();
    let slowest = recoveries.iter().max().copied().unwrap_or_default();
    println!("PostgreSQL restarted {} times; ready again after at most {slowest:?}", recoveries.len());
    println!("replicas that ended by themselves and were started again: {ends}");
    wrong.append(&mut gate.lies.lock().unwrap());
    wrong.extend(cluster.verify_audit().err());
    let verdict = Verdict::on(&cluster, &visitors, wrong).await;
    if !verdict.is_well() {
        cluster.keep_logs(&told.logs);
        println!("seed {}; the logs are in {}", told.seed, told.logs.display());
    }
    println!("{verdict}");
    verdict.is_well()
}

/// What waits in vain panics: there is a verdict all the same, and the logs are kept.
async fn to_its_end(cluster: &Cluster, what: &str, trying: impl Future<Output = Vec<String>>) -> Vec<String> {
    if let Ok(wrong) = AssertUnwindSafe(trying).catch_unwind().await {
        return wrong;
    }
    cluster.heal().await;
    vec![format!("{what}: did not come to its end")]
}

async fn keep_running(cluster: Arc<Cluster>) {
    loop {
        sleep(Duration::from_millis(300)).await;
        cluster.replicas.iter().for_each(replica::Replica::look_after);
    }
}

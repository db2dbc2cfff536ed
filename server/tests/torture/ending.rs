//! How it all comes to an end: what waits for a time is helped by putting the clocks forward.

use std::time::Duration;

use futures::future::join_all;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::book::Gate;
use crate::cluster::Cluster;
use crate::oracle::{open_commands, rows};
use crate::people::Visitor;

/// Longer than Intune is looked at; and twice as much each time, as NanoMDM's devices are asked.
const LATER_SECONDS: i64 = 130;
/// After which a reset ends whose phone never came back.
const DEADLINE_SECONDS: i64 = 7 * 24 * 60 * 60 + 61;
/// For what is under way to end by itself, before the clocks are put forward, and after each time.
const QUIET: Duration = Duration::from_secs(10);
/// For what everybody does at once in the end.
const GRACE: Duration = Duration::from_secs(20);
const PUT_FORWARD: usize = 6;
/// Whose phones are lost in the end.
const LOST: usize = 15;

/// Until nobody waits for anything.
pub async fn come_to_an_end(cluster: &Cluster, gate: &Gate, mut people: JoinSet<Visitor>) -> Vec<Visitor> {
    let mut visitors = Vec::new();
    be_quiet(cluster, &mut people, &mut visitors).await;
    // Whatever was on its way has arrived.
    sleep(Duration::from_secs(3)).await;
    soon("everybody looks at their phone's page", join_all(visitors.iter_mut().map(Visitor::look_back)))
        .await;
    let owners = LOST.min(visitors.len());
    let owners = &mut visitors[..owners];
    soon("lost phones are reset", join_all(owners.iter_mut().map(Visitor::reset_in_vain))).await;
    cluster.jump(DEADLINE_SECONDS).await;
    soon("their owners are told", join_all(owners.iter_mut().map(Visitor::hear_of_it))).await;
    gate.close();
    while let Some(visitor) = people.join_next().await {
        visitors.push(visitor.unwrap());
    }
    visitors
}

async fn be_quiet(cluster: &Cluster, people: &mut JoinSet<Visitor>, visitors: &mut Vec<Visitor>) {
    let mut rows = rows(cluster).await;
    for round in 0..PUT_FORWARD {
        let quiet = async {
            while let Some(visitor) = people.join_next().await {
                visitors.push(visitor.unwrap());
            }
            while open_commands(&mut rows).await > 0 {
                sleep(Duration::from_millis(200)).await;
            }
        };
        if timeout(QUIET, quiet).await.is_ok() {
            break;
        }
        cluster.jump(LATER_SECONDS << round).await;
    }
}

/// What does not happen is found among the rows.
async fn soon<T>(what: &str, happening: impl Future<Output = T>) {
    if timeout(GRACE, happening).await.is_err() {
        println!("not in time: {what}");
    }
}

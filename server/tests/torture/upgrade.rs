//! The next version comes to the tables, and the replicas are replaced one after the other while people go on. The programs
//! are those of this version: that it goes on with the tables of the next is what there is to see.

use std::time::Duration;

use sqlx::migrate::Migrator;
use tokio::time::Instant;

use crate::cluster::{Cluster, REPLICAS};
use crate::oracle::rows;
use crate::support::until;

const DRAINED: Duration = Duration::from_secs(10);

/// What was wrong.
pub async fn roll(cluster: &Cluster) -> Vec<String> {
    let mut wrong = Vec::new();
    let (began, before) = (Instant::now(), cluster.balancer.answers().await);
    next_version(cluster).await;
    for (number, replica) in cluster.replicas.iter().enumerate() {
        let asked = Instant::now();
        replica.ask_to_end();
        let well = until("it has ended", Duration::from_mins(1), async || replica.ended()).await;
        if !well {
            wrong.push(format!("upgrade: replica {number} did not end well"));
        }
        let took = asked.elapsed();
        if took > DRAINED {
            wrong.push(format!("upgrade: replica {number} ended only after {took:?}"));
        }
        replica.start();
        cluster.is_ready(replica).await;
        until("the balancer sends people to it", DRAINED, async || {
            (cluster.balancer.replicas_up().await == REPLICAS).then_some(())
        })
        .await;
    }
    let after = cluster.balancer.answers().await;
    let (all, failed) = (after.all - before.all, after.server_errors - before.server_errors);
    println!(
        "upgraded one by one in {:?}: {all} requests were answered, {failed} of them with 5xx",
        began.elapsed()
    );
    if failed > 0 {
        wrong.push(format!("upgrade: {failed} of {all} requests were answered with 5xx"));
    }
    if all < 100 {
        wrong.push(format!("upgrade: nobody was there to notice; {all} requests"));
    }
    wrong
}

/// What the first of the next version does to the tables when it starts: it adds, one table at a time, and takes nothing
/// away. Those of this version that run go on with them, and others start on them.
async fn next_version(cluster: &Cluster) {
    let migrations = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), migrations.path().join(file.file_name())).unwrap();
    }
    let mut rows = rows(cluster).await;
    let tables = "SELECT relname::text FROM pg_stat_user_tables WHERE relname NOT IN ('_sqlx_migrations', 'movable_clock')";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut rows).await.unwrap();
    let mut adds: Vec<String> = tables
        .iter()
        .map(|table| format!("ALTER TABLE {table} ADD COLUMN of_the_next_version text"))
        .collect();
    adds.push(
        "CREATE TABLE of_the_next_version (id uuid PRIMARY KEY, person uuid REFERENCES people (id))"
            .to_owned(),
    );
    for (number, add) in adds.iter().enumerate() {
        let file = migrations.path().join(format!("{}_of_the_next_version.sql", 9000 + number));
        std::fs::write(file, add).unwrap();
    }
    Migrator::new(migrations.path()).await.unwrap().run(&mut rows).await.unwrap();
}

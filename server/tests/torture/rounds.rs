//! One grant, a hundred at once, over all replicas: one command.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use stand_ins::Kind;

use crate::cluster::{Cluster, REPLICAS, device, password, user_name};
use crate::oracle::rows;
use crate::support::{Browser, until};

const AT_ONCE: usize = 100;
/// Rounds beside each other, each of another person.
const LANES: usize = 4;

/// What was wrong, round by round.
pub async fn run(cluster: &Cluster, rounds: usize) -> Vec<String> {
    let lanes = LANES.min(cluster.people);
    let share = |lane| rounds / lanes + usize::from(lane < rounds % lanes);
    join_all((0..lanes).map(|lane| in_turn(cluster, lane, share(lane)))).await.concat()
}

async fn in_turn(cluster: &Cluster, person: usize, rounds: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    let device = device(Kind::NanoMdm, person);
    let mut rows = rows(cluster).await;
    for round in 0..rounds {
        let visitor = cluster.browser();
        prove(&visitor, person, &device).await;
        let before = commands(&mut rows, &device).await;
        let browsers: Vec<Browser> = (0..REPLICAS).map(|replica| cluster.at(&visitor, replica)).collect();
        let submits = (0..AT_ONCE).map(|number| browsers[number % REPLICAS].try_reset(&device));
        let answers = join_all(submits).await;
        let mut refused = BTreeMap::<u16, usize>::new();
        for status in answers.iter().map(|answer| answer.as_ref().map_or(0, |answer| answer.status)) {
            if status != 200 {
                *refused.entry(status).or_default() += 1;
            }
        }
        let made = commands(&mut rows, &device).await - before;
        if made != 1 || !refused.is_empty() {
            wrong.push(format!(
                "round {round} of person {person}: {made} commands; not answered well (status and times): {refused:?}"
            ));
        }
        let open = "SELECT count(*) FROM commands WHERE device = $1 AND due_at IS NOT NULL";
        until("the reset has ended", Duration::from_mins(1), async || {
            let open: i64 = sqlx::query_scalar(open).bind(&device).fetch_one(&mut rows).await.unwrap();
            (open == 0).then_some(())
        })
        .await;
    }
    wrong
}

/// Signs in, chooses the phone, signs out, and in again.
pub async fn prove(visitor: &Browser, person: usize, device: &str) {
    let (name, password) = (user_name(person), password(person));
    let fields = [("user_name", name.as_str()), ("password", password.as_str())];
    visitor.form("/sign-in", &fields).await;
    visitor.sign_out_to_prove(device).await;
    let back = visitor.form("/sign-in", &fields).await;
    assert_eq!(back.leads_to, Some(format!("/devices/{device}/reset")), "{back:?}");
}

async fn commands(rows: &mut sqlx::PgConnection, device: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM commands WHERE device = $1")
        .bind(device)
        .fetch_one(rows)
        .await
        .unwrap()
}

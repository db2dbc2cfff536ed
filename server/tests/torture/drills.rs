//! One thing goes wrong at a time, and what it has to be followed by happens in time.

use std::time::Duration;

use futures::future::join_all;
use sqlx::PgConnection;
use stand_ins::Kind;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::cluster::{Cluster, answers, device, phone};
use crate::link::Weather;
use crate::oracle::{open_commands, rows};
use crate::rounds::prove;
use crate::support::{Browser, End, until};

/// What a replica had in hand goes on elsewhere.
const GOES_ON: Duration = Duration::from_secs(10);
/// Everybody is served again once PostgreSQL is.
const BACK: Duration = Duration::from_secs(5);
const AT_MOST: Duration = Duration::from_mins(1);
/// For one that wakes up to do what it was about to do.
const AWAKE: Duration = Duration::from_secs(4);
const KIND: Kind = Kind::NanoMdm;
/// Of whose work it is seen what becomes of it.
const ONE: usize = 0;

#[derive(Clone, Copy, Debug)]
enum Leaves {
    Killed,
    Stopped,
}

/// What was wrong.
pub async fn run(cluster: &Cluster) -> Vec<String> {
    let mut wrong = Vec::new();
    wrong.extend(one_leaves(cluster, Leaves::Killed).await);
    wrong.extend(one_leaves(cluster, Leaves::Stopped).await);
    wrong.extend(postgres_restarts(cluster).await);
    wrong
}

/// Its orders do not arrive, so that it has some in hand when it is killed or stands still.
async fn one_leaves(cluster: &Cluster, how: Leaves) -> Vec<String> {
    let mut rows = rows(cluster).await;
    let one = &cluster.replicas[ONE];
    let way = one.mdms.iter().find_map(|(kind, link)| (*kind == KIND).then_some(link)).unwrap();
    let before = Before::now(cluster).await;
    way.becomes(Weather::Held);
    let mut wrong = reset_all(cluster).await;
    let mut in_hand = 0;
    until("one replica has resets in hand that do not arrive", GOES_ON, async || {
        // The others have done theirs. Not only "sending": after three seconds it is not known any more.
        let held =
            "SELECT count(*) FILTER (WHERE sent_at < clock_timestamp() - interval '1 second') FROM commands
            WHERE due_at IS NOT NULL HAVING bool_and(state IN ('sending', 'unknown'))";
        in_hand =
            sqlx::query_scalar::<_, i64>(held).fetch_optional(&mut rows).await.unwrap().unwrap_or_default();
        (in_hand > 0).then_some(())
    })
    .await;
    let began = Instant::now();
    let stopped = match how {
        Leaves::Killed => {
            one.kill();
            None
        }
        Leaves::Stopped => one.stop(),
    };
    all_have_ended(&mut rows).await;
    let took = began.elapsed();
    println!(
        "a replica with {in_hand} resets in hand was {how:?}: all went on, and were done after {took:?}"
    );
    if took > GOES_ON {
        wrong.push(format!("{how:?}: what it had in hand was done only after {took:?}"));
    }

    let settled = settled(&mut rows).await;
    way.becomes(Weather::Fair);
    if let Some(id) = stopped {
        one.go_on(id);
    }
    one.start();
    cluster.is_ready(one).await;
    sleep(AWAKE).await;
    if self::settled(&mut rows).await != settled {
        wrong.push(format!("{how:?}: it woke up, and changed what had ended"));
    }
    wrong.extend(other_than_once(cluster, &before, &settled, &format!("{how:?}")));
    wrong
}

/// Right after everybody was told that their reset was taken.
async fn postgres_restarts(cluster: &Cluster) -> Vec<String> {
    let before = Before::now(cluster).await;
    let mut wrong = reset_all(cluster).await;
    let mut postgres = cluster.postgres.lock().await;
    tokio::task::block_in_place(|| postgres.end(End::Immediate));
    postgres.start_again().await;
    drop(postgres);
    let back = Instant::now();
    for replica in &cluster.replicas {
        until("it serves again", AT_MOST, async || answers(replica).await.then_some(())).await;
        let page = format!("http://127.0.0.1:{}/sign-in", replica.ports.pages);
        until("it shows pages", AT_MOST, async || {
            // As the balancer asks for it.
            let asked = reqwest::Client::new().get(&page).header("host", cluster.host()).send().await;
            asked.is_ok_and(|answer| answer.status() == 200).then_some(())
        })
        .await;
    }
    let took = back.elapsed();
    println!("PostgreSQL was restarted with {} resets taken: served again after {took:?}", cluster.people);
    if took > BACK {
        wrong.push(format!("after a restart of PostgreSQL nobody was served for {took:?}"));
    }
    let mut rows = rows(cluster).await;
    all_have_ended(&mut rows).await;
    wrong.extend(other_than_once(cluster, &before, &settled(&mut rows).await, "PostgreSQL restarted"));
    wrong
}

/// Everybody one phone, at once. Whoever was not told that it was taken.
async fn reset_all(cluster: &Cluster) -> Vec<String> {
    let visitors: Vec<Browser> = (0..cluster.people).map(|_| cluster.browser()).collect();
    let proving = visitors.iter().enumerate().map(|(person, visitor)| async move {
        prove(visitor, person, &device(KIND, person)).await;
    });
    join_all(proving).await;
    let submits = visitors.iter().enumerate().map(|(person, visitor)| async move {
        let status = visitor.try_reset(&device(KIND, person)).await.map(|answer| answer.status);
        (status != Some(200)).then(|| format!("a reset of person {person} was answered with {status:?}"))
    });
    join_all(submits).await.into_iter().flatten().collect()
}

/// How often each phone was reset.
fn executions(cluster: &Cluster) -> Vec<usize> {
    let mdm = cluster.mdm(KIND);
    (0..cluster.people).map(|person| mdm.executions(&phone(KIND, person)).len()).collect()
}

/// What there was already.
struct Before {
    executions: Vec<usize>,
    commands: Vec<Settled>,
}

impl Before {
    async fn now(cluster: &Cluster) -> Self {
        Self { executions: executions(cluster), commands: settled(&mut rows(cluster).await).await }
    }
}

/// Whose phone was not reset just once since, and what did not end well.
fn other_than_once(cluster: &Cluster, before: &Before, settled: &[Settled], when: &str) -> Vec<String> {
    let times = before.executions.iter().zip(executions(cluster)).map(|(before, after)| after - before);
    let wrong = times.enumerate().filter(|(_, times)| *times != 1);
    let wrong =
        wrong.map(|(person, times)| format!("{when}: the phone of person {person} was reset {times} times"));
    let is_new = |settled: &&Settled| !before.commands.iter().any(|before| before.id == settled.id);
    let ended = settled.iter().filter(is_new).filter(|settled| settled.state != "done");
    wrong.chain(ended.map(|settled| format!("{when}: a reset ended as {settled:?}"))).collect()
}

async fn all_have_ended(rows: &mut PgConnection) {
    until("every reset has ended", AT_MOST, async || (open_commands(rows).await == 0).then_some(())).await;
}

/// A command as it ended, and how often something was said of it.
#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
struct Settled {
    id: Uuid,
    state: String,
    fence: i64,
    said: i64,
}

async fn settled(rows: &mut PgConnection) -> Vec<Settled> {
    let question = "SELECT id, state, fence, (SELECT count(*) FROM audit WHERE command = commands.id) AS said
        FROM commands ORDER BY id";
    sqlx::query_as(question).fetch_all(rows).await.unwrap()
}

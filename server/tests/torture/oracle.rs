//! What people were told, what the rows say, and what the phones did: the three have to agree.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection, Row};
use stand_ins::Kind;
use uuid::Uuid;

use crate::book::Reset;
use crate::cluster::{Cluster, phone};
use crate::people::Visitor;

#[derive(Default)]
pub struct Verdict {
    pub lost: Vec<String>,
    pub doubled: Vec<String>,
    pub stuck: Vec<String>,
    pub lies: Vec<String>,
    /// That were acknowledged.
    pub resets: usize,
    ends: BTreeMap<String, usize>,
}

/// A command as the portal keeps it, with what hangs on it.
struct Kept {
    device: String,
    state: String,
    failure: Option<String>,
    ended: bool,
    news: Option<String>,
    grants: i64,
    submitted: i64,
    told: i64,
}

const KEPT: &str = "SELECT c.id, c.device, c.state, c.failure, c.due_at IS NULL AS ended, n.news,
        (SELECT count(*) FROM grants g WHERE g.spent_on = c.id) AS grants,
        coalesce(a.submitted, 0) AS submitted, coalesce(a.told, 0) AS told
    FROM commands c LEFT JOIN notifications n ON n.command = c.id
        LEFT JOIN (SELECT command, count(*) FILTER (WHERE event = 'reset_submitted') AS submitted,
                          count(*) FILTER (WHERE event <> 'reset_submitted' AND event LIKE 'reset\\_%') AS told
                   FROM audit GROUP BY command) a ON a.command = c.id";

impl Verdict {
    pub async fn on(cluster: &Cluster, visitors: &[Visitor], lies: Vec<String>) -> Self {
        let mut verdict = Self::default();
        // Whoever was acknowledged and finds nothing.
        let (lost, lies) = lies.into_iter().partition(|lie: &String| lie.contains(": lost: "));
        (verdict.lost, verdict.lies) = (lost, lies);
        let kept = kept(&mut rows(cluster).await).await;
        let resets: Vec<&Reset> = visitors.iter().flat_map(|visitor| &visitor.resets).collect();
        verdict.resets = resets.iter().filter(|reset| reset.acknowledged).count();
        for (id, row) in &kept {
            verdict.is_whole(id, row);
        }
        for reset in &resets {
            match kept.get(&reset.command) {
                Some(row) if row.device == reset.device => verdict.is_true(reset, row),
                _ => verdict.lost.push(format!("{reset:?}: the database has no such command")),
            }
        }
        verdict.look_at_iphones(cluster, &kept);
        verdict.look_at_orders(&resets);
        verdict
    }

    pub fn is_well(&self) -> bool {
        [&self.lost, &self.doubled, &self.stuck, &self.lies].iter().all(|wrong| wrong.is_empty())
    }

    /// Ended, told once, written down once, and paid for with one grant.
    fn is_whole(&mut self, id: &str, row: &Kept) {
        let what = format!("{id} of {}, {} {:?}", row.device, row.state, row.failure);
        *self
            .ends
            .entry(format!("{} {}", row.state, row.failure.as_deref().unwrap_or_default()))
            .or_default() += 1;
        if !row.ended {
            self.stuck.push(format!("{what}: still open"));
            return;
        }
        if row.grants != 1 || row.submitted != 1 {
            self.doubled.push(format!(
                "{what}: spent {} grants and was written down {} times",
                row.grants, row.submitted
            ));
        }
        let expected = match (row.state.as_str(), &row.failure) {
            ("done", _) => Some("passcode_reset".to_owned()),
            ("failed", Some(failure)) => Some(format!("reset_failed:{failure}")),
            ("expired", _) => Some("reset_expired".to_owned()),
            _ => None,
        };
        if row.news != expected {
            self.lost.push(format!("{what}: the notification says {:?}", row.news));
        }
        if row.told != 1 {
            self.lost.push(format!("{what}: its end is written down {} times", row.told));
        }
    }

    /// What the person was told is what the rows say, and what the phone did.
    fn is_true(&mut self, reset: &Reset, row: &Kept) {
        let Some(end) = &reset.end else {
            if row.ended {
                self.lies.push(format!("{reset:?}: it has ended ({}), and nobody was told", row.state));
            }
            return;
        };
        let failure = row.failure.as_deref().map(|failure| failure.replace('_', ""));
        let same = row.state == end.state.to_lowercase()
            && failure == end.failure.as_ref().map(|it| it.to_lowercase());
        if !same {
            self.lies.push(format!("{reset:?}: the database says {} {:?}", row.state, row.failure));
        }
        let passcodes: BTreeSet<_> = reset.executed.iter().map(|execution| &execution.passcode).collect();
        let times = if reset.kind == Kind::Android { passcodes.len() } else { reset.executed.len() };
        if times > 1 {
            self.doubled.push(format!("{reset:?}: the phone did it {times} times"));
        }
        if end.is_done() && times == 0 {
            self.lies.push(format!("{reset:?}: told that it is done, and the phone has done nothing"));
        }
        if !end.is_done() && !end.is_unknown() && times > 0 {
            self.lies.push(format!("{reset:?}: told that it has not happened, and the phone has done it"));
        }
    }

    /// Their orders carry our ids, so that each can be followed.
    fn look_at_iphones(&mut self, cluster: &Cluster, kept: &BTreeMap<String, Kept>) {
        let nanomdm = cluster.mdm(Kind::NanoMdm);
        for person in 0..cluster.people {
            let phone = phone(Kind::NanoMdm, person);
            let mut times = BTreeMap::<String, usize>::new();
            for execution in nanomdm.executions(&phone) {
                *times.entry(execution.command).or_default() += 1;
            }
            for (command, times) in times {
                match kept.get(&command) {
                    None => {
                        self.lost.push(format!("{phone} did {command}, which the database does not have"));
                    }
                    Some(row)
                        if !matches!(row.state.as_str(), "done")
                            && row.failure.as_deref() != Some("unknown") =>
                    {
                        self.lies.push(format!(
                            "{command} is {} {:?}, and the phone did it",
                            row.state, row.failure
                        ));
                    }
                    Some(_) if times > 1 => self.doubled.push(format!("{phone} did {command} {times} times")),
                    Some(_) => {}
                }
            }
            if nanomdm.wrong_tokens(&phone) > 0 {
                self.lies.push(format!("{phone} was tried with a wrong unlock token"));
            }
        }
    }

    /// Two commands for one press of the button.
    fn look_at_orders(&mut self, resets: &[&Reset]) {
        let mut seen = BTreeSet::new();
        for reset in resets {
            if !seen.insert(&reset.command) {
                self.doubled.push(format!("{reset:?}: one command for two resets"));
            }
        }
    }
}

pub async fn rows(cluster: &Cluster) -> PgConnection {
    cluster.database.parse::<PgConnectOptions>().unwrap().connect().await.unwrap()
}

pub async fn open_commands(rows: &mut PgConnection) -> i64 {
    let question = "SELECT count(*) FROM commands WHERE due_at IS NOT NULL";
    sqlx::query_scalar(question).fetch_one(rows).await.unwrap()
}

async fn kept(rows: &mut PgConnection) -> BTreeMap<String, Kept> {
    let all = sqlx::query(KEPT).fetch_all(rows).await.unwrap();
    let read = |row: &sqlx::postgres::PgRow| {
        let kept = Kept {
            device: row.get("device"),
            state: row.get("state"),
            failure: row.get("failure"),
            ended: row.get("ended"),
            news: row.get("news"),
            grants: row.get("grants"),
            submitted: row.get("submitted"),
            told: row.get("told"),
        };
        (row.get::<Uuid, _>("id").to_string(), kept)
    };
    all.iter().map(read).collect()
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, all) in [
            ("lost", &self.lost),
            ("doubled", &self.doubled),
            ("stuck", &self.stuck),
            ("not true", &self.lies),
        ] {
            for one in all {
                writeln!(f, "{what}: {one}")?;
            }
        }
        let ends: Vec<_> = self.ends.iter().map(|(end, times)| format!("{} {times}", end.trim())).collect();
        writeln!(f, "ends: {}", ends.join(", "))?;
        write!(
            f,
            "lost {}, doubled {}, stuck {}, resets {}",
            self.lost.len(),
            self.doubled.len(),
            self.stuck.len(),
            self.resets
        )
    }
}

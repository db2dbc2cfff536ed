//! `kill -9` of the portal at every step of a reset, with each MDM that organisations run, twenty times each. What may be
//! said of it afterwards stands in docs/guarantees.md, line by line as it is here.

use std::fmt::Write;
use std::time::Duration;

use stand_ins::{Fault, Kind};
use uuid::Uuid;

use crate::support::{Browser, KINDS, Mdms, Program, until};

const ROUNDS: usize = 20;
const AT_MOST: Duration = Duration::from_secs(30);
const RELEASE: &str = "DROP TRIGGER IF EXISTS held";
/// Longer than Intune is looked at, and than NanoMDM is believed to be on its way.
const LATER_SECONDS: i64 = 130;
/// Until long after the test.
const NEVER: Duration = Duration::from_hours(1);
/// Of an answer: longer than it takes to get there with all of them.
const PATIENCE: &str = "30";

/// Where the program is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Queued,
    Taken,
    Sending,
    Unanswered,
    Answered,
    Waiting,
    Executed,
    Told,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It is carried out once and told once.
    Once,
    /// The same passcode may be set twice; it is told once.
    OnceOrAgain,
    /// Nobody can tell, and the person is told so. It was not carried out,
    UnknownNotDone,
    /// or it was.
    UnknownDone,
}

const STEPS: [(Step, &str, [End; 4]); 8] = [
    (Step::Queued, "asked for, no worker has it yet", [End::Once; 4]),
    (Step::Taken, "a worker has it, \"sending\" is not written yet", [End::Once; 4]),
    (
        Step::Sending,
        "\"sending\" is written, the order has not arrived",
        [End::UnknownNotDone, End::Once, End::Once, End::UnknownNotDone],
    ),
    (
        Step::Unanswered,
        "the order has arrived, its answer has not",
        [End::Once, End::Once, End::OnceOrAgain, End::UnknownDone],
    ),
    (
        Step::Answered,
        "the answer has arrived, \"sent\" is not written yet",
        [End::Once, End::Once, End::OnceOrAgain, End::UnknownDone],
    ),
    (Step::Waiting, "sent, the device is offline", [End::Once; 4]),
    (Step::Executed, "the device has done it, \"done\" is not written yet", [End::Once; 4]),
    (Step::Told, "\"done\" is written", [End::Once; 4]),
];

#[test]
fn the_guarantees_say_what_is_tested_here() {
    let mut table =
        "| killed when | Intune | NanoMDM | Android Management | Fleet |\n|---|---|---|---|---|\n".to_owned();
    for (_, when, ends) in STEPS {
        let ends = ends.map(|end| match end {
            End::Once => "done once",
            End::OnceOrAgain => "done; perhaps twice, with the same passcode",
            End::UnknownNotDone | End::UnknownDone => "**unknown**, and said so",
        });
        writeln!(table, "| {when} | {} |", ends.join(" | ")).unwrap();
    }
    let told = include_str!("../../../docs/guarantees.md");
    assert!(told.contains(&table), "docs/guarantees.md does not have this table:\n{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_each_mdm_1_before_a_worker_takes_it() {
    die(Step::Queued).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_each_mdm_2_before_sending_is_recorded() {
    die(Step::Taken).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_each_mdm_3_before_the_order_arrives() {
    die(Step::Sending).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_each_mdm_4_before_the_answer_arrives() {
    die(Step::Unanswered).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_each_mdm_5_before_the_answer_is_recorded() {
    die(Step::Answered).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_each_mdm_6_while_the_device_is_offline() {
    die(Step::Waiting).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_each_mdm_7_before_the_end_is_recorded() {
    die(Step::Executed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_each_mdm_8_after_the_end() {
    die(Step::Told).await;
}

async fn die(step: Step) {
    let mut scene = Scene::new(step).await;
    for round in 0..ROUNDS {
        scene.round(round).await;
    }
    println!("{step:?}: {ROUNDS} deaths, with a reset on each of {} MDMs", KINDS.len());
}

struct Scene {
    step: Step,
    mdms: Mdms,
    program: Program,
    ana: Browser,
}

impl Scene {
    async fn new(step: Step) -> Self {
        let mdms = Mdms::start().await;
        let patience = KINDS.map(|kind| {
            let key: &str = format!("fleet.{}.timeout_seconds", kind.name()).leak();
            (key, PATIENCE)
        });
        let limit = ("limits.resets_per_device_and_hour", "1000");
        let settings = [mdms.settings(), patience.to_vec(), vec![limit]].concat();
        let program = Program::start_quiet_with_clock(settings).await;
        mdms.tell(&program).await;
        let ana = program.browser();
        Self { step, mdms, program, ana }
    }

    /// A reset on each MDM, one death, and what came of them.
    async fn round(&mut self, round: usize) {
        let before = KINDS.map(|kind| self.mdms.executions(kind));
        self.hold().await;
        let mut commands = Vec::new();
        for kind in KINDS {
            let device = self.ana.prove_for(kind).await;
            assert_eq!(self.ana.reset(&device).await.status, 200, "round {round}, {kind:?}");
            commands.push(self.program.commands().await.last().unwrap().0);
        }
        let reached = until("the step is reached", AT_MOST, async || {
            self.is_reached(&commands, &before).await.then_some(())
        });
        reached.await;
        self.program.kill();
        self.program.change("portal.db", RELEASE).await;
        self.mdms.of(Kind::NanoMdm).lose_events(false);
        for kind in KINDS {
            self.mdms.of(kind).recover();
            self.mdms.of(kind).set_online(&Mdms::id(kind), true);
        }
        self.mdms.jump(LATER_SECONDS);
        self.program.jump(LATER_SECONDS).await;
        self.program.start_again().await;
        self.program.settled().await;
        for (place, kind) in KINDS.into_iter().enumerate() {
            let executed = self.mdms.executions(kind) - before[place];
            self.assert_ended(round, kind, commands[place], executed).await;
        }
        assert_eq!(self.mdms.of(Kind::NanoMdm).wrong_tokens(&Mdms::id(Kind::NanoMdm)), 0);
    }

    /// Keeps the coming resets from going beyond the step.
    async fn hold(&self) {
        let trigger = match self.step {
            Step::Queued => {
                "CREATE TRIGGER held BEFORE UPDATE OF fence ON commands BEGIN SELECT RAISE(ABORT, 'held'); END"
            }
            Step::Taken => {
                "CREATE TRIGGER held BEFORE UPDATE OF state ON commands WHEN NEW.state = 'sending' BEGIN SELECT RAISE(ABORT, 'held'); END"
            }
            Step::Answered => {
                "CREATE TRIGGER held BEFORE UPDATE OF state ON commands WHEN NEW.state IN ('sent', 'waiting', 'done', 'unknown') BEGIN SELECT RAISE(ABORT, 'held'); END"
            }
            Step::Executed => {
                "CREATE TRIGGER held BEFORE UPDATE OF state ON commands WHEN NEW.state = 'done' BEGIN SELECT RAISE(ABORT, 'held'); END"
            }
            Step::Sending | Step::Unanswered | Step::Waiting | Step::Told => RELEASE,
        };
        self.program.change("portal.db", trigger).await;
        // NanoMDM's event would tell what its answer does not.
        self.mdms.of(Kind::NanoMdm).lose_events(self.step == Step::Unanswered);
        for kind in KINDS {
            match self.step {
                Step::Sending => self.mdms.suffer_on_order(kind, Fault::Slow(NEVER)),
                Step::Unanswered => self.mdms.suffer_on_order(kind, Fault::SlowAfter(NEVER)),
                Step::Waiting => self.mdms.of(kind).set_online(&Mdms::id(kind), false),
                _ => {}
            }
        }
    }

    async fn is_reached(&self, commands: &[Uuid], before: &[usize; 4]) -> bool {
        let rows = self.program.commands().await;
        let state = |id: &Uuid| rows.iter().find(|(other, _)| other == id).map(|(_, state)| state.as_str());
        let all = |states: &[&str]| {
            commands.iter().all(|id| state(id).is_some_and(|state| states.contains(&state)))
        };
        let executed =
            || KINDS.iter().zip(before).all(|(kind, before)| self.mdms.executions(*kind) > *before);
        match self.step {
            Step::Queued => all(&["queued"]),
            Step::Taken => all(&["queued"]) && self.program.are_taken(commands).await,
            Step::Sending => all(&["sending"]),
            Step::Unanswered | Step::Answered => all(&["sending"]) && executed(),
            Step::Waiting => all(&["sent", "waiting"]),
            Step::Executed => all(&["sent", "waiting"]) && executed(),
            Step::Told => all(&["done"]),
        }
    }

    async fn assert_ended(&self, round: usize, kind: Kind, command: Uuid, executed: usize) {
        let (_, _, ends) = STEPS.into_iter().find(|(step, ..)| *step == self.step).unwrap();
        let end = ends[KINDS.iter().position(|other| *other == kind).unwrap()];
        let what = format!("{:?}, round {round}, {kind:?}, {executed} times", self.step);
        let rows = self.program.commands().await;
        let state = rows.iter().find(|(id, _)| *id == command).map(|(_, state)| state.as_str());
        let news = self.program.news_of(command).await;
        match end {
            End::Once => assert_eq!((state, executed), (Some("done"), 1), "{what}"),
            End::OnceOrAgain => {
                assert!(state == Some("done") && (1..=2).contains(&executed), "{what}: {state:?}");
            }
            End::UnknownNotDone => assert_eq!((state, executed), (Some("failed"), 0), "{what}"),
            End::UnknownDone => assert_eq!((state, executed), (Some("failed"), 1), "{what}"),
        }
        if matches!(end, End::UnknownNotDone | End::UnknownDone) {
            assert_eq!(news, ["reset_failed:unknown"], "{what}");
            return;
        }
        assert_eq!(news, ["passcode_reset"], "{what}");
        // What its owner is shown is what opens it.
        let passcode = self.ana.reveal(&Mdms::device(kind)).await.passcode();
        let has_passcode = matches!(kind, Kind::Intune | Kind::Android);
        assert_eq!(passcode.is_some(), has_passcode, "{what}");
        assert!(self.mdms.of(kind).opens(&Mdms::id(kind), passcode.as_deref()), "{what}");
    }
}

//! `kill -9` between the submit of a reset and its end, at ten different points: no command is lost, doubled or stuck,
//! and the passcode that is shown afterwards is the one that opens the phone.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use support::{Browser, GALAXY, LUMIA_635, LUMIA_950, Program};
use tokio::time::sleep;

/// When the program dies.
#[derive(Clone, Copy, Debug)]
enum Point {
    /// While the submit is still being answered: the person does not know whether it was taken.
    WhileSubmitting,
    /// So long after the submit was answered.
    After(Duration),
    /// As soon as the portal's row says so.
    InState(&'static str),
    /// As soon as the fleet's journal says so.
    Journalled(&'static str),
    /// With the command waiting at the MDM for a phone without a network.
    WhilePhoneIsOffline,
}

const POINTS: [Point; 10] = [
    Point::WhileSubmitting,
    Point::After(Duration::ZERO),
    Point::InState("sending"),
    Point::Journalled("received"),
    Point::InState("sent"),
    Point::Journalled("delivered"),
    Point::Journalled("executed"),
    Point::After(Duration::from_millis(5)),
    Point::After(Duration::from_millis(600)),
    Point::WhilePhoneIsOffline,
];

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_ten_points_of_a_reset() {
    let mut program = Program::start().await;
    let mut known = 0;
    for (point, device) in POINTS.into_iter().zip([GALAXY, LUMIA_950, LUMIA_635].into_iter().cycle()) {
        println!("{point:?} of {device}");
        let ana = program.browser();
        let id = ana.prove("ana", device).await;
        die_at(point, &mut program, &ana, &id).await;
        program.start_again().await;
        ana.call("phones/set_online", &[("device", &id), ("online", "true")]).await;
        program.settled().await;

        let all = program.commands().await;
        let new = all.len() - known;
        match point {
            Point::WhileSubmitting => assert!(new <= 1, "{new} commands of one submit"),
            _ => assert_eq!(new, 1, "a command is lost or doubled"),
        }
        known = all.len();
        assert_each_was_carried_out_once(&program).await;
        if new == 1 {
            assert_opens(&ana, &id).await;
        }
    }
    assert_eq!(program.told().await, known);
}

async fn die_at(point: Point, program: &mut Program, ana: &Browser, id: &str) {
    match point {
        Point::WhileSubmitting => {
            let submit = ana.try_reset(id);
            let death = async {
                sleep(Duration::from_millis(2)).await;
                program.kill();
            };
            tokio::join!(submit, death);
            return;
        }
        Point::WhilePhoneIsOffline => {
            ana.call("phones/set_online", &[("device", id), ("online", "false")]).await;
        }
        _ => {}
    }
    assert_eq!(ana.reset(id).await.status, 200);
    match point {
        Point::After(time) => sleep(time).await,
        Point::InState(state) => reached(program, |seen, _| seen == state).await,
        Point::Journalled(event) => {
            reached(program, |_, journal| journal.iter().any(|line| line == event)).await;
        }
        Point::WhilePhoneIsOffline => reached(program, |seen, _| seen == "waiting").await,
        Point::WhileSubmitting => {}
    }
    program.kill();
}

/// Looks as often as it can: some states last a few milliseconds. One that was missed is behind us all the same.
async fn reached(program: &Program, point: impl Fn(&str, &[String]) -> bool) {
    let looking = async {
        loop {
            let commands = program.commands().await;
            let (id, state) = commands.last().unwrap();
            let journal = program.journal(*id).await;
            if point(state, &journal) || state == "done" {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looking).await.expect("the point is reached");
}

async fn assert_each_was_carried_out_once(program: &Program) {
    for (id, state) in program.commands().await {
        assert_eq!(state, "done");
        let journal = program.journal(id).await;
        for event in ["received", "delivered", "executed"] {
            let times = journal.iter().filter(|line| *line == event).count();
            assert_eq!(times, 1, "{event} in {journal:?}");
        }
        assert_eq!(program.news_of(id).await, ["passcode_reset"]);
    }
}

async fn assert_opens(ana: &Browser, id: &str) {
    let passcode = ana.reveal(id).await.passcode().expect("a temporary passcode");
    let said = ana.call("phones/unlock", &[("device", id), ("passcode", &passcode)]).await;
    assert_eq!(said.body, "\"Unlocked\"");
}

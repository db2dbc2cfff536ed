//! /devices of somebody who is signed in and has 24 devices, beside the route written by hand.

use std::time::Duration;

use crate::by_hand::ByHand;
use crate::figures::{Figure, Limit, median, said};
use crate::load::{self, CLIENTS, Done};
use crate::support::Program;

const PAGE: &str = "/devices";
const CARDS: usize = 24;
const ROUNDS: usize = 5;
const TIME: Duration = Duration::from_secs(4);
const MIB: f64 = 1024.0 * 1024.0;

pub async fn measure() -> Vec<Figure> {
    println!(
        "Pages: {CLIENTS} clients on {PAGE} with {CARDS} cards, {ROUNDS} rounds beside a route written by hand"
    );
    let program = Program::start_quiet(Vec::new()).await;
    program.add_phones("ana", CARDS).await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let page = ana.get(PAGE).await;
    assert_eq!(page.body.matches("<article").count(), CARDS);
    let by_hand = ByHand::start(&program, &page.body).await;
    let cookies = [ana.cookie_header()];
    let address = program.url().trim_start_matches("http://").to_owned();

    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let theirs = load::run(by_hand.process(), &by_hand.address, PAGE, &cookies, TIME).await;
        let ours = load::run(program.process(), &address, PAGE, &cookies, TIME).await;
        // The first warms both up.
        if round > 0 {
            rounds.push((ours, theirs));
        }
    }
    let of = |measure: fn(&Done) -> f64| {
        let mut ratios: Vec<f64> =
            rounds.iter().map(|(ours, theirs)| measure(ours) / measure(theirs)).collect();
        let mut ours: Vec<f64> = rounds.iter().map(|(ours, _)| measure(ours)).collect();
        let mut theirs: Vec<f64> = rounds.iter().map(|(_, theirs)| measure(theirs)).collect();
        (median(&mut ratios), median(&mut ours), median(&mut theirs))
    };
    let compared = |name: &str, measure: fn(&Done) -> f64, unit: &str, most: Option<f64>| {
        let (ratio, ours, theirs) = of(measure);
        let note = format!("{} to {}", said(ours, unit), said(theirs, unit));
        Figure::new(name, ratio, "×", most.map(Limit::AtMost), note)
    };
    let mut beside_slow = Vec::new();
    for _ in 0..ROUNDS {
        let alone = load::run(program.process(), &address, PAGE, &cookies, TIME).await;
        let slow = load::dawdle(&address).await;
        let beside = load::run(program.process(), &address, PAGE, &cookies, TIME).await;
        drop(slow);
        beside_slow.push(beside.p99_millis / alone.p99_millis);
    }
    let mut resident: Vec<f64> = rounds.iter().map(|(ours, _)| ours.resident_bytes / MIB).collect();
    vec![
        compared(
            "CPU of a signed-in /devices, to that of a route written by hand",
            |done| done.cpu_micros,
            "µs",
            Some(4.0),
        ),
        compared("p99 of /devices at 64 clients, to the same route", |done| done.p99_millis, "ms", Some(3.0)),
        Figure::new(
            "p99 of /devices beside slow connections, to that without",
            median(&mut beside_slow),
            "×",
            Some(Limit::AtMost(2.0)),
            format!("{} that send a byte a second", load::SLOW),
        ),
        compared("Pages a second at 64 clients, to the same route", |done| done.per_second, "/s", None),
        Figure::new(
            "Resident memory with 64 clients on /devices",
            median(&mut resident),
            "MiB",
            Some(Limit::AtMost(60.0)),
            "the most of each round, median".to_owned(),
        ),
    ]
}

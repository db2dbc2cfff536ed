//! /devices while one MDM answers after half a minute and the others are well.

use std::time::Duration;

use stand_ins::{Fault, Kind};

use crate::figures::{Figure, Limit, median, said};
use crate::load::{self, CLIENTS};
use crate::support::{Mdms, Program};

/// `cargo bench --bench portal mdms` measures this alone.
pub const NAME: &str = "mdms";
const PAGE: &str = "/devices";
const ROUNDS: usize = 5;
const TIME: Duration = Duration::from_secs(4);
const SLOW: Duration = Duration::from_secs(30);

pub async fn measure() -> Vec<Figure> {
    println!("MDMs: {CLIENTS} clients on {PAGE}, {ROUNDS} rounds with all MDMs well and with Intune slow");
    let mdms = Mdms::start().await;
    let patient = vec![("fleet.intune.timeout_seconds", "60")];
    let program = Program::start_quiet([mdms.settings(), patient].concat()).await;
    mdms.tell(&program).await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    let page = ana.get(PAGE).await.body;
    assert!(page.contains(&Mdms::name(Kind::Intune)) && page.contains(&Mdms::name(Kind::Fleet)));
    let cookies = [ana.cookie_header()];
    let address = program.url().trim_start_matches("http://").to_owned();
    let run = async || load::run(program.process(), &address, PAGE, &cookies, TIME).await.p99_millis;

    run().await;
    let (mut ratios, mut calm, mut slow) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        mdms.of(Kind::Intune).recover();
        // Until what is still slow has been answered.
        tokio::time::sleep(SLOW + Duration::from_secs(1)).await;
        run().await;
        let well = run().await;
        mdms.of(Kind::Intune).suffer(Fault::Slow(SLOW), usize::MAX);
        let beside = run().await;
        ratios.push(beside / well);
        calm.push(well);
        slow.push(beside);
    }
    let note = format!("{} to {}", said(median(&mut slow), "ms"), said(median(&mut calm), "ms"));
    let name = "p99 of /devices with Intune answering after 30 s, to that with all MDMs well";
    vec![Figure::new(name, median(&mut ratios), "×", Some(Limit::AtMost(2.0)), note)]
}

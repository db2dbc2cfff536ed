//! /devices of an organisation with a million devices, beside that of one with a thousand. Everybody has ten of them, which
//! NanoMDM told of: of this MDM alone the devices are rows of the portal's.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use crate::figures::{Figure, Limit, median, said};
use crate::load::{self, CLIENTS, Done};
use crate::support::{Portal, Postgres, Program, until};

/// `cargo bench --bench portal scale` measures this alone.
pub const NAME: &str = "scale";
const PAGE: &str = "/devices";
const FEW: usize = 100;
const MANY: usize = 100_000;
/// Of each of them.
const DEVICES: usize = 10;
const ROUNDS: usize = 5;
const TIME: Duration = Duration::from_secs(4);
const MIB: f64 = 1024.0 * 1024.0;

pub async fn measure() -> Vec<Figure> {
    println!(
        "Scale: {CLIENTS} clients on {PAGE}, {ROUNDS} rounds with {FEW} people and with {MANY}, {DEVICES} devices each"
    );
    let quiet = async || Program::start_quiet(Vec::new()).await;
    let mut figures = vec![compare("SQLite", quiet().await, quiet().await).await];
    let postgres = Postgres::start().await;
    let on = async |name| Program::start_quiet_on(Portal::there(postgres.create(name)), Vec::new()).await;
    figures.push(compare("PostgreSQL", on("few").await, on("many").await).await);
    figures
}

async fn compare(engine: &str, few: Program, many: Program) -> Figure {
    let few = Organisation::of(few, FEW).await;
    let many = Organisation::of(many, MANY).await;
    let (mut ratios, mut with_few, mut with_many) = (Vec::new(), Vec::new(), Vec::new());
    let (mut resident_few, mut resident_many) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (less, more) = (few.load().await, many.load().await);
        // The first warms both up.
        if round > 0 {
            ratios.push(more.p99_millis / less.p99_millis);
            with_few.push(less.p99_millis);
            with_many.push(more.p99_millis);
            resident_few.push(less.resident_bytes / MIB);
            resident_many.push(more.resident_bytes / MIB);
        }
    }
    Figure::new(
        &format!("p99 of /devices at a million devices, to that at a thousand, on {engine}"),
        median(&mut ratios),
        "×",
        Some(Limit::AtMost(1.3)),
        format!(
            "{} to {}; pages of {CLIENTS} people, warm; {} resident to {}",
            said(median(&mut with_many), "ms"),
            said(median(&mut with_few), "ms"),
            said(median(&mut resident_many), "MiB"),
            said(median(&mut resident_few), "MiB")
        ),
    )
}

struct Organisation {
    program: Program,
    /// Of as many people as there are clients, from all over it.
    cookies: Vec<String>,
}

impl Organisation {
    async fn of(mut program: Program, people: usize) -> Self {
        program.kill();
        fs::write(program.config(), settings(people)).unwrap();
        program
            .portal
            .change(of_portal::<Sqlite>(people).leak(), of_portal::<Postgresql>(people).leak())
            .await
            .unwrap();
        program.start_again().await;
        let mut cookies = Vec::new();
        for client in 0..CLIENTS {
            let browser = program.browser();
            let person = format!("person{}", client * people / CLIENTS);
            // As Ana's, whose hash they have.
            let answer = browser.form("/sign-in", &[("user_name", &person), ("password", "ana-demo")]).await;
            assert_eq!(answer.status, 303, "{answer:?}");
            until("the page shows all devices", Duration::from_secs(10), async || {
                (browser.get(PAGE).await.body.matches("<article").count() == DEVICES).then_some(())
            })
            .await;
            cookies.push(browser.cookie_header());
        }
        println!("{people} people are there");
        Self { program, cookies }
    }

    async fn load(&self) -> Done {
        let address = self.program.url().trim_start_matches("http://").to_owned();
        load::run(self.program.process(), &address, PAGE, &self.cookies, TIME).await
    }
}

fn settings(people: usize) -> String {
    let mut settings = "[[fleet]]
id = \"nanomdm\"
kind = \"nanomdm\"
url = \"http://127.0.0.1:9\"
api_key = \"of the benchmark alone\"
webhook_secret = \"of the benchmark alone\"
"
    .to_owned();
    for serial in 0..people * DEVICES {
        let person = serial / DEVICES;
        writeln!(settings, "[[owner]]\nperson = \"person{person}@example.com\"\nserial = \"S{serial}\"")
            .unwrap();
    }
    settings
}

/// How the engines differ in what is needed here.
trait Engine {
    const NUMBERS: &str;
    const NEW_ID: &str;
    const NOW: &str;
    const AT_LAST: &str;
}

struct Sqlite;
struct Postgresql;

impl Engine for Sqlite {
    const NUMBERS: &str = "WITH RECURSIVE all_of(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM all_of WHERE i < COUNT - 1) SELECT i FROM all_of";
    const NEW_ID: &str = "randomblob(16)";
    const NOW: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
    const AT_LAST: &str = "";
}

impl Engine for Postgresql {
    const NUMBERS: &str = "SELECT generate_series(0, COUNT - 1) AS i";
    const NEW_ID: &str = "gen_random_uuid()";
    const NOW: &str = "now()";
    /// As it does by itself within a minute.
    const AT_LAST: &str = "ANALYZE people, enrolments, commands, notifications;";
}

/// Each with a reset of theirs in the past, and the news of it.
fn of_portal<E: Engine>(people: usize) -> String {
    let (new_id, now) = (E::NEW_ID, E::NOW);
    let numbers = E::NUMBERS.replace("COUNT", &(people * DEVICES).to_string());
    format!(
        "CREATE TEMP TABLE numbers AS {numbers};
         INSERT INTO people (id, user_name, name, email, it_admin, password_hash, created_at)
         SELECT {new_id}, 'person' || i, 'Person ' || i, 'person' || i || '@example.com', it_admin, password_hash, {now}
         FROM numbers JOIN people ON user_name = 'ana' WHERE i < {people};
         INSERT INTO enrolments (fleet, device, serial, name, model, product, version, enrolled_at, heard_at)
         SELECT 'nanomdm', 'device-' || i, 'S' || i, 'iPhone ' || i, 'iPhone 15', 'iPhone15,4', '18.5', {now}, {now}
         FROM numbers;
         INSERT INTO commands (id, kind, person, device, device_name, platform, min_length, maker, state, created_at,
                               deadline, sent_at)
         SELECT {new_id}, 'reset_passcode', people.id, 'nanomdm.device-' || i, 'iPhone ' || i, 'ios', 6, 'nobody', 'done',
                {now}, {now}, {now}
         FROM numbers JOIN people ON lower(user_name) = 'person' || (i / {DEVICES}) WHERE i % {DEVICES} = 0;
         INSERT INTO command_steps (command, state, at) SELECT id, state, {now} FROM commands;
         INSERT INTO notifications (id, person, command, news, at)
         SELECT {new_id}, person, id, 'passcode_reset', {now} FROM commands;
         DROP TABLE numbers;
         {}",
        E::AT_LAST
    )
}

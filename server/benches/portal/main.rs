//! `make bench`: what Latchkey costs, each figure beside the one it is compared with, both from one run. Prints the
//! tables, those of the browser included, and draws the chart.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    reason = "a benchmark measures, rounds, and fails by panicking"
)]

mod by_hand;
mod chart;
mod commits;
mod figures;
mod flag;
mod load;
mod mdms;
mod pages;
mod scale;
mod streams;
#[path = "../../tests/support/mod.rs"]
mod support;

/// The program's own, so that the route written by hand has no worse one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    match words.next().as_deref() {
        Some(by_hand::NAME) => return by_hand::serve(words.collect()).await,
        // They wait for most of their time, and are wanted by themselves.
        Some(mdms::NAME) => return println!("\n{}", figures::table(&mdms::measure().await)),
        Some(commits::NAME) => return println!("\n{}", figures::table(&commits::measure().await)),
        Some(scale::NAME) => return println!("\n{}", figures::table(&scale::measure().await)),
        Some(flag::NAME) => return println!("\n{}", figures::table(&flag::measure().await)),
        Some(streams::NAME) => return println!("\n{}", figures::table(&streams::measure().await)),
        _ => {}
    }
    let mut figures = figures::of_browser();
    figures.extend(pages::measure().await);
    figures.extend(mdms::measure().await);
    figures.extend(scale::measure().await);
    figures.extend(commits::measure().await);
    figures.extend(flag::measure().await);
    figures.extend(streams::measure().await);
    println!("\n{}", figures::table(&figures));
    chart::draw(&figures);
    let missed: Vec<&str> =
        figures.iter().filter(|figure| !figure.is_within()).map(|figure| figure.name.as_str()).collect();
    println!(
        "{}",
        if missed.is_empty() {
            "Every limit is kept.".to_owned()
        } else {
            format!("Over the limit: {}", missed.join("; "))
        }
    );
}

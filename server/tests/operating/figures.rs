use std::collections::BTreeSet;

use serde_json::Value;

use super::support::{GALAXY, Program};

const ALERTS: &str = include_str!("../../../packaging/alerts.yml");
const DASHBOARD: &str = include_str!("../../../packaging/grafana-dashboard.json");
const GUIDE: &str = include_str!("../../../docs/operating.md");

/// What Prometheus itself notes of whoever it asks.
const OF_PROMETHEUS: &str = "up{job=\"latchkey\"} 1";
const OPERATORS: [&str; 3] = ["and", "or", "unless"];

#[tokio::test]
async fn every_figure_that_is_watched_is_there() {
    let program = Program::start().await;
    let ana = program.browser();
    ana.sign_in("ana").await;
    ana.device(GALAXY).await;
    ana.form("/webhooks/no-such-mdm", &[]).await;
    let figures = format!("{}\n{OF_PROMETHEUS}", program.metrics().await);
    let there: BTreeSet<&str> = figures.lines().filter_map(|line| line.split(['{', ' ']).next()).collect();

    let questions = [alerts(), dashboard()].concat();
    assert!(questions.len() >= 20, "{questions:?}");
    for question in &questions {
        let asked = figures_in(question);
        assert!(!asked.is_empty(), "{question}");
        for name in asked {
            assert!(there.contains(&*name), "{name} in {question}");
        }
        for label in labels_in(question) {
            assert!(figures.contains(&label), "{label} in {question}");
        }
    }
}

#[test]
fn the_guide_says_what_to_do_about_each_alert() {
    let names: Vec<&str> = ALERTS.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        assert!(GUIDE.contains(&format!("| `{name}` |")), "{name}");
    }
}

#[test]
fn what_a_question_asks_for() {
    let question = "sum by (job) (rate(some_total{a=~\"5..\", b=\"c {d}\", e!=\"f\"}[5m])) / other * 60 > 0.02 and third == 1";
    assert_eq!(figures_in(question), ["some_total", "other", "third"]);
    assert_eq!(labels_in(question), ["b=\"c {d}\""]);
}

fn alerts() -> Vec<String> {
    ALERTS.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).map(str::to_owned).collect()
}

fn dashboard() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

/// What is neither a function, an operator, a label nor a number.
fn figures_in(question: &str) -> Vec<String> {
    let mut clauses = question.split(" by (");
    let mut bare = clauses.next().unwrap_or_default().to_owned();
    clauses.for_each(|clause| bare += clause.split_once(')').expect("labels end").1);
    let bare = without(&without(&bare, '{', '}'), '[', ']');
    let mut rest = bare.as_str();
    let mut names = Vec::new();
    while let Some(start) = rest.find(|sign: char| sign.is_ascii_alphabetic()) {
        let end = rest[start..].find(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
        let (word, after) = rest[start..].split_at(end.unwrap_or(rest.len() - start));
        rest = after.trim_start();
        if !OPERATORS.contains(&word) && !rest.starts_with('(') {
            names.push(word.to_owned());
        }
    }
    names
}

/// Those with a value that has to be exactly so, as they stand in the figures.
fn labels_in(question: &str) -> Vec<String> {
    let parts: Vec<&str> = question.split('"').collect();
    let asked = parts.chunks_exact(2).filter_map(|pair| {
        let before = pair[0].strip_suffix('=').filter(|before| !before.ends_with('!'))?;
        let label = before.rsplit(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_').next()?;
        Some(format!("{label}=\"{}\"", pair[1]))
    });
    asked.collect()
}

fn without(text: &str, open: char, close: char) -> String {
    let mut depth = 0;
    let outside = text.chars().filter(|&sign| {
        depth += i32::from(sign == open);
        let is_outside = depth == 0;
        depth -= i32::from(sign == close);
        is_outside
    });
    outside.collect()
}

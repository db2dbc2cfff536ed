use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// One measured thing, and what it may be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub unit: String,
    pub limit: Option<Limit>,
    /// What it was made of, or stands beside.
    #[serde(default)]
    pub note: String,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Figure {
    pub fn new(name: &str, value: f64, unit: &str, limit: Option<Limit>, note: String) -> Self {
        Self { name: name.to_owned(), value, unit: unit.to_owned(), limit, note }
    }

    pub fn is_within(&self) -> bool {
        match self.limit {
            None => true,
            Some(Limit::AtMost(most)) => self.value <= most,
            Some(Limit::AtLeast(least)) => self.value >= least,
        }
    }
}

/// In the folder of what was built, beside which browsers leave theirs.
pub fn folder() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_latchkey"));
    program.parent().unwrap().parent().unwrap().join("bench")
}

/// Measured by Playwright beforehand; none when it was not asked.
pub fn of_browser() -> Vec<Figure> {
    let Ok(text) = std::fs::read_to_string(folder().join("browser.json")) else { return Vec::new() };
    serde_json::from_str(&text).unwrap()
}

/// In Markdown, for the README.
pub fn table(figures: &[Figure]) -> String {
    let mut lines = vec!["| | measured | limit | of what |".to_owned(), "|---|---|---|---|".to_owned()];
    for figure in figures {
        let limit = match figure.limit {
            None => String::new(),
            Some(Limit::AtMost(most)) => format!("at most {}", said(most, &figure.unit)),
            Some(Limit::AtLeast(least)) => format!("at least {}", said(least, &figure.unit)),
        };
        let value = said(figure.value, &figure.unit);
        lines.push(format!("| {} | {value} | {limit} | {} |", figure.name, figure.note));
    }
    lines.join("\n")
}

/// Three digits say enough about a noisy machine.
pub fn said(value: f64, unit: &str) -> String {
    let digits = if value.fract() == 0.0 || value.abs() >= 100.0 {
        0
    } else if value.abs() >= 10.0 {
        1
    } else {
        2
    };
    let number = format!("{value:.digits$}");
    match unit {
        "×" => format!("{number}×"),
        "" => number,
        unit => format!("{number} {unit}"),
    }
}

pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The value that one in a hundred exceeds.
pub fn p99(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() * 99 / 100).min(values.len() - 1)]
}

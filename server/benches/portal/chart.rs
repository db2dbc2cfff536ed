//! Every figure that has a limit, as a share of it.

use std::fmt::Write;

use crate::figures::{Figure, Limit, folder, said};

const ROW: usize = 34;
const LABELS: usize = 560;
const BARS: f64 = 300.0;
const WIDTH: usize = 1040;

pub fn draw(figures: &[Figure]) {
    let limited: Vec<_> = figures.iter().filter_map(|figure| Some((figure, share(figure)?))).collect();
    let height = limited.len() * ROW + 44;
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-labelledby="title">
<title id="title">Each measured figure as a share of its limit</title>
<style>text {{ fill: #1b1f24 }} .bar {{ fill: #2f6f4f }} .over {{ fill: #a8321f }} .limit {{ stroke: #6a737d }}
@media (prefers-color-scheme: dark) {{ text {{ fill: #e6e8eb }} .bar {{ fill: #6fbf96 }} .over {{ fill: #f08a75 }} }}</style>
"#
    );
    for (place, (figure, share)) in limited.iter().enumerate() {
        let y = place * ROW + 24;
        let class = if figure.is_within() { "bar" } else { "over" };
        let length = share.min(1.3) * BARS;
        let unit = &figure.unit;
        let value = match figure.limit {
            Some(Limit::AtMost(most)) => format!("{} of {}", said(figure.value, unit), said(most, unit)),
            _ => said(figure.value, unit),
        };
        let name = figure.name.replace('&', "&amp;").replace('<', "&lt;");
        // All values stand in one column, but for those that do not keep to it.
        let end = LABELS as f64 + length.max(BARS) + 8.0;
        writeln!(
            svg,
            r#"<text x="{}" y="{}" text-anchor="end">{name}</text><rect class="{class}" x="{LABELS}" y="{y}" width="{length:.0}" height="18" rx="3"/><text x="{end:.0}" y="{}">{value}</text>"#,
            LABELS - 10,
            y + 14,
            y + 14
        )
        .unwrap();
    }
    let at = LABELS as f64 + BARS;
    writeln!(
        svg,
        r#"<line class="limit" x1="{at}" x2="{at}" y1="16" y2="{}" stroke-dasharray="3 3"/><text x="{at}" y="12" text-anchor="middle">limit</text></svg>"#,
        height - 10
    )
    .unwrap();
    let file = folder().join("chart.svg");
    std::fs::create_dir_all(folder()).unwrap();
    std::fs::write(&file, svg).unwrap();
    println!("The chart is {}", file.display());
}

/// How much of what it may be it is; of a least, how much of what it has it needs.
fn share(figure: &Figure) -> Option<f64> {
    Some(match figure.limit? {
        // Nothing is no share, even of a limit that is nothing.
        Limit::AtMost(_) if figure.value == 0.0 => 0.0,
        Limit::AtMost(most) => figure.value / most,
        Limit::AtLeast(least) => least / figure.value,
    })
}

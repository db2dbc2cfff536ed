use domain::Timestamp;
#[cfg(feature = "ssr")]
use jiff::tz::TimeZone;
use leptos_i18n::td_string;

use crate::i18n::Locale;

/// How long ago, or how long until.
pub fn relative(l: Locale, at: Timestamp, now: Timestamp) -> String {
    if at > now { ahead(l, at.seconds_since(now)) } else { ago(l, now.seconds_since(at)) }
}

fn ago(l: Locale, seconds: i64) -> String {
    match Span::of(seconds) {
        Span::Moment => td_string!(l, portal.time.now).to_owned(),
        Span::Minutes(1) => td_string!(l, portal.time.minute).to_owned(),
        Span::Minutes(count) => td_string!(l, portal.time.minutes, count = count),
        Span::Hours(1) => td_string!(l, portal.time.hour).to_owned(),
        Span::Hours(count) => td_string!(l, portal.time.hours, count = count),
        Span::Days(1) => td_string!(l, portal.time.day).to_owned(),
        Span::Days(count) => td_string!(l, portal.time.days, count = count),
    }
}

/// A begun minute still counts, so that seven days are seven days in their first minute too.
fn ahead(l: Locale, seconds: i64) -> String {
    match Span::of(if seconds < 60 { seconds } else { seconds + 59 }) {
        Span::Moment => td_string!(l, portal.time.soon).to_owned(),
        Span::Minutes(1) => td_string!(l, portal.time.in_minute).to_owned(),
        Span::Minutes(count) => td_string!(l, portal.time.in_minutes, count = count),
        Span::Hours(1) => td_string!(l, portal.time.in_hour).to_owned(),
        Span::Hours(count) => td_string!(l, portal.time.in_hours, count = count),
        Span::Days(1) => td_string!(l, portal.time.in_day).to_owned(),
        Span::Days(count) => td_string!(l, portal.time.in_days, count = count),
    }
}

enum Span {
    Moment,
    Minutes(i64),
    Hours(i64),
    Days(i64),
}

impl Span {
    const fn of(seconds: i64) -> Self {
        match seconds {
            ..60 => Self::Moment,
            60..3600 => Self::Minutes(seconds / 60),
            3600..86400 => Self::Hours(seconds / 3600),
            _ => Self::Days(seconds / 86400),
        }
    }
}

/// `4:07`, as the countdown reads: a begun second still counts, so that it starts at 5:00 and ends at 0:00.
pub fn minutes_seconds(millis: i64) -> String {
    let seconds = whole_seconds(millis);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

pub fn whole_seconds(millis: i64) -> i64 {
    (millis.max(0) + 999) / 1000
}

/// `2026-11-25 21:43 CET`.
#[cfg(feature = "ssr")]
pub fn exact(at: Timestamp, zone: &TimeZone) -> String {
    instant(at).to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// `21:43`.
#[cfg(feature = "ssr")]
pub fn clock(at: Timestamp, zone: &TimeZone) -> String {
    instant(at).to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

/// For the `datetime` attribute.
#[cfg(feature = "ssr")]
pub fn machine(at: Timestamp) -> String {
    instant(at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(feature = "ssr")]
fn instant(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_told_in_the_largest_whole_unit() {
        let told = |seconds: i64| relative(Locale::en, Timestamp(0), Timestamp(seconds * 1000));
        assert_eq!(told(59), "just now");
        assert_eq!(told(60), "1 minute ago");
        assert_eq!(told(12 * 60), "12 minutes ago");
        assert_eq!(told(2 * 3600 + 5), "2 hours ago");
        assert_eq!(told(3 * 86400), "3 days ago");
        assert_eq!(relative(Locale::de, Timestamp(600_000), Timestamp(0)), "in 10 Minuten");
    }

    #[test]
    fn a_begun_minute_still_lies_ahead() {
        let told = |seconds: i64| relative(Locale::en, Timestamp(seconds * 1000), Timestamp(0));
        assert_eq!(told(59), "in less than a minute");
        assert_eq!(told(60), "in 1 minute");
        assert_eq!(told(599), "in 10 minutes");
        assert_eq!(told(7 * 86400 - 2), "in 7 days");
    }

    #[test]
    fn the_countdown_counts_a_begun_second() {
        assert_eq!(minutes_seconds(300_000), "5:00");
        assert_eq!(minutes_seconds(299_001), "5:00");
        assert_eq!(minutes_seconds(1), "0:01");
        assert_eq!(minutes_seconds(0), "0:00");
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn exact_times_are_those_of_the_zone() {
        let zagreb = TimeZone::get("Europe/Zagreb").unwrap();
        assert_eq!(exact(Timestamp(0), &TimeZone::UTC), "1970-01-01 00:00 UTC");
        assert_eq!(exact(Timestamp(1_735_689_599_000), &zagreb), "2025-01-01 00:59 CET");
        assert_eq!(exact(Timestamp(1_751_328_000_000), &zagreb), "2025-07-01 02:00 CEST");
        assert_eq!(clock(Timestamp(1_735_689_599_000), &zagreb), "00:59");
        assert_eq!(machine(Timestamp(1_709_210_096_000)), "2024-02-29T12:34:56Z");
    }
}

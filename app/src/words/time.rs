use domain::Timestamp;
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

/// `2026-11-25 20:43 UTC`.
pub fn exact(at: Timestamp) -> String {
    let (year, month, day, minute) = civil(at);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", minute / 60, minute % 60)
}

/// `20:43`, in UTC.
#[cfg(feature = "ssr")]
pub fn clock(at: Timestamp) -> String {
    let (.., minute) = civil(at);
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// For the `datetime` attribute.
#[cfg(feature = "ssr")]
pub fn machine(at: Timestamp) -> String {
    let (year, month, day, minute) = civil(at);
    let second = at.0.div_euclid(1000).rem_euclid(60);
    format!("{year}-{month:02}-{day:02}T{:02}:{:02}:{second:02}Z", minute / 60, minute % 60)
}

/// Year, month, day and minute of the day in UTC. Howard Hinnant's `civil_from_days`: a calendar library for
/// these few lines would be downloaded by every browser.
const fn civil(at: Timestamp) -> (i64, i64, i64, i64) {
    let minutes = at.0.div_euclid(60_000);
    let days = minutes.div_euclid(1440) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day, minutes.rem_euclid(1440))
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

    #[test]
    fn exact_times_are_utc() {
        assert_eq!(exact(Timestamp(0)), "1970-01-01 00:00 UTC");
        assert_eq!(machine(Timestamp(1_709_210_096_000)), "2024-02-29T12:34:56Z");
        assert_eq!(exact(Timestamp(1_735_689_599_000)), "2024-12-31 23:59 UTC");
    }
}

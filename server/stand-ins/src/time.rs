//! The clock of a stand-in, and the shapes in which the protocols write a time.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// Milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

#[expect(clippy::disallowed_methods, reason = "the clock of the machine, for those who set none")]
pub(crate) fn system_clock() -> Clock {
    Arc::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        i64::try_from(since.as_millis()).unwrap()
    })
}

pub(crate) fn rfc3339(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap().to_string()
}

/// As the `Date` header has it.
pub(crate) fn http_date(ms: i64) -> String {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&Timestamp::from_millisecond(ms).unwrap()).unwrap()
}

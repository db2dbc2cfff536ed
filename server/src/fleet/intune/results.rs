//! What a device's action results say of a reset.

use domain::Timestamp;
use domain::command::Failure;
use domain::fleet::Answer;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::graph::Read;
use crate::fleet::calls::json_date;

/// So far two clocks may be apart without either telling.
const SKEW_MILLIS: i64 = 5_000;
/// The passcode may come a moment after the end.
const PASSCODE_SECONDS: i64 = 120;

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ActionResult {
    action_name: String,
    action_state: String,
    start_date_time: Option<String>,
    last_updated_date_time: Option<String>,
    passcode: Option<SecretString>,
}

/// The newest reset that began at that time or after it. Graph's clock may be behind ours; by how much, its answer tells.
pub fn newest_since(read: &Read, since: Timestamp, now: Timestamp) -> Option<&ActionResult> {
    let behind = read.date.map_or(0, |date| date.millis_since(now)).min(0);
    let earliest = since.plus_millis(behind - SKEW_MILLIS);
    let all = read.device.device_action_results.iter().flatten();
    all.filter(|result| result.action_name == "resetPasscode")
        .filter_map(|result| Some((result.start_date_time.as_deref().and_then(json_date)?, result)))
        .filter(|(start, _)| *start >= earliest)
        .max_by_key(|(start, _)| *start)
        .map(|(_, result)| result)
}

impl ActionResult {
    /// `awaits_passcode`: without one nobody could open the device.
    pub fn as_answer(&self, awaits_passcode: bool, now: Timestamp) -> Answer {
        let passcode = self.passcode.clone().filter(|passcode| !passcode.expose_secret().is_empty());
        match self.action_state.as_str() {
            "done" if awaits_passcode && passcode.is_none() => {
                let done_at = self.last_updated_date_time.as_deref().and_then(json_date).unwrap_or(now);
                let is_late = now.seconds_since(done_at) > PASSCODE_SECONDS;
                if is_late { Answer::Failed(Failure::Unexplained) } else { Answer::Waiting }
            }
            "done" => Answer::Done { passcode },
            "failed" => Answer::Failed(Failure::DeviceRefused),
            "notSupported" => Answer::Failed(Failure::Unsupported),
            "canceled" => Answer::Expired,
            // None, pending, active, and whatever Microsoft thinks of next: it is not over.
            _ => Answer::Waiting,
        }
    }
}

//! A command as Google keeps it: an operation that is done or not.

use domain::command::Failure;
use domain::fleet::{Answer, FleetError};
use serde::Deserialize;

/// google.rpc.Code
const CANCELLED: i32 = 1;
const DEADLINE_EXCEEDED: i32 = 4;

/// Of what was just made, its name alone is read: the rest repeats the passcode.
#[derive(Deserialize)]
pub struct Named {
    pub name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Operation {
    pub name: String,
    done: bool,
    metadata: Command,
    error: Option<Status>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Command {
    r#type: String,
    error_code: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    code: i32,
}

impl Operation {
    pub fn as_answer(&self) -> Result<Answer, FleetError> {
        if self.metadata.r#type != "RESET_PASSWORD" {
            return Err(FleetError::Unreachable("its answer is about another command".to_owned()));
        }
        if !self.done {
            return Ok(Answer::Waiting);
        }
        let failed = match self.metadata.error_code.as_str() {
            "" | "COMMAND_ERROR_CODE_UNSPECIFIED" => None,
            "API_LEVEL" | "MANAGEMENT_MODE" | "UNSUPPORTED" => Some(Failure::Unsupported),
            "INVALID_VALUE" => Some(Failure::MdmRefused),
            _ => Some(Failure::DeviceRefused),
        };
        Ok(match (&self.error, failed) {
            (Some(Status { code: CANCELLED | DEADLINE_EXCEEDED }), _) => Answer::Expired,
            (_, Some(failure)) => Answer::Failed(failure),
            (Some(_), None) => Answer::Failed(Failure::Unexplained),
            // With the passcode that we made.
            (None, None) => Answer::Done { passcode: None },
        })
    }

    pub fn is_cancelled(&self) -> bool {
        self.done && self.error.as_ref().is_some_and(|error| error.code == CANCELLED)
    }
}

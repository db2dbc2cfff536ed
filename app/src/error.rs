use domain::Refusal;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// What crosses the wire when a server function says no. Failures of the house are told as "unavailable" and logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error(transparent)]
pub struct AppError(#[from] pub Refusal);

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self(match error {
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_) => Refusal::Malformed,
            _ => Refusal::Unavailable,
        })
    }
}

#[cfg(feature = "ssr")]
impl From<domain::ports::Denied> for AppError {
    fn from(denied: domain::ports::Denied) -> Self {
        match denied {
            domain::ports::Denied::Refused(refusal) => Self(refusal),
            domain::ports::Denied::Fleet(failure) => {
                tracing::warn!(%failure, "an MDM did not do its part");
                Self(Refusal::FleetSilent)
            }
            failure => {
                tracing::error!(%failure, "a use case failed");
                Self(Refusal::Unavailable)
            }
        }
    }
}

#[cfg(feature = "ssr")]
impl From<domain::phone::HandsError> for AppError {
    fn from(error: domain::phone::HandsError) -> Self {
        match error {
            domain::phone::HandsError::Refused(refusal) => Self(refusal),
            domain::phone::HandsError::Fleet(failure) => failure.into(),
        }
    }
}

#[cfg(feature = "ssr")]
impl From<domain::fleet::FleetError> for AppError {
    fn from(failure: domain::fleet::FleetError) -> Self {
        domain::ports::Denied::from(failure).into()
    }
}

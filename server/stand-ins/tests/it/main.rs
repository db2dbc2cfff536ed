//! The stand-ins keep to the documents: spoken to over HTTP, as a client does.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

mod android;
mod faults;
mod fleet;
mod intune;
mod nanomdm;
mod story;

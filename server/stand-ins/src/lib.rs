//! Four MDMs as their documents describe them, for the tests of the product: each is a real HTTP server on a free
//! port of loopback, it has a memory, and it keeps a journal of every request it got.
//!
//! They are written from the public documents of those servers alone and share no code with the connectors, so that a misreading in a
//! connector is not repeated here and cannot cancel itself out. Phones are part of them: a phone checks in, does what
//! waits for it, and [`StandIn::opens`] tells afterwards with which passcode it opens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "it is test support: a failure here is a failed test"
)]

mod android;
mod another;
mod events;
mod fault;
mod fleet;
mod http;
mod intune;
mod keys;
mod nanomdm;
mod nanomdm_only;
mod phone;
mod seat;
mod serve;
mod settings;
mod stand_in;
mod time;
mod world;

pub use fault::Fault;
pub use http::Entry;
pub use phone::{Execution, Phone, Ready, System};
pub use stand_in::{Setup, StandIn};
pub use time::Clock;
pub use world::Kind;

//! The rules of Latchkey. Pure: no clock, no randomness, no socket and no database but the ones passed in.

pub mod account;
pub mod audit;
pub mod command;
pub mod device;
pub mod fleet;
pub mod freshness;
mod hex;
pub mod live;
pub mod notification;
pub mod passcode;
pub mod passkey;
pub mod person;
pub mod phone;
pub mod portal;
pub mod ports;
pub mod recovery;
pub mod refusal;
pub mod sign_in;
pub mod timestamp;
pub mod tries;

pub use refusal::Refusal;
pub use timestamp::Timestamp;

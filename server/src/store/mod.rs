//! The portal's own rows.

mod accounts;
mod commands;
mod names;
mod notifications;
mod passcodes;
mod sessions;
pub mod sqlite;

#[cfg(test)]
mod conformance;

//! The portal's own rows.

mod accounts;
mod audit;
mod backup;
mod commands;
mod enrolments;
mod identities;
pub mod names;
mod notifications;
mod passcodes;
mod passkeys;
mod sessions;
pub mod sql;
mod tries;

#[cfg(test)]
pub mod conformance;
#[cfg(test)]
mod plans;

//! Signing in with the organisation's own account (OpenID Connect), and being signed out by it.

mod answer;
mod claims;
mod logout;
mod provider;
mod question;
pub mod routes;

pub use provider::Providers;

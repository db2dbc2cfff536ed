//! Signing in with the organisation's own account (OpenID Connect), and being signed out by it.

mod answer;
pub mod claims;
pub mod examination;
pub mod logout;
pub mod provider;
pub mod question;
pub mod routes;

pub use provider::Providers;

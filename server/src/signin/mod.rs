//! How a person proves who they are, and how a browser is recognised afterwards.

pub mod cookies;
pub mod leaving;
pub mod local;
pub mod oidc;
pub mod passkeys;
pub mod routes;
pub mod session;

//! The MDMs: one connector a module, one conformance story run over all.

pub mod virtual_fleet;

#[cfg(test)]
mod conformance;

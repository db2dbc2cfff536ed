//! `kill -9`, against the real program: at every step of a reset, and at random under load. And asked to end.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod disk;
mod ending;
mod mdms;
mod points;
mod random;
#[path = "../support/mod.rs"]
mod support;

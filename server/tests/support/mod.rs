#![allow(dead_code, unused_imports, reason = "each test program uses a part of it")]
//! The real program on a port of its own, its visitors, and everything that can be seen of it from outside.

mod browser;
mod clock;
mod disk;
mod mdms;
mod pages;
mod portal;
mod postgres;
mod program;
mod provider;
mod records;
mod stream;
mod verify;
mod wire;

pub use browser::{Answer, Browser};
pub use clock::MovableClock;
pub use disk::Disk;
pub use mdms::{KINDS, Mdms};
pub use portal::Portal;
pub use postgres::{End, Postgres};
pub use program::{Program, Secrets, Settings, lasting_port};
pub use provider::{Asked, Provider, Signed, now};
pub use records::until;
pub use stream::Stream;
pub use verify::Then;
pub use wire::{Wire, status};

pub const GALAXY: &str = "Ana's Galaxy";
pub const IPHONE: &str = "Ana's iPhone";
pub const LUMIA_950: &str = "Ana's Lumia 950";
pub const LUMIA_635: &str = "Ana's Lumia 635";

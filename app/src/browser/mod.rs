//! What islands ask of the browser: timers, the clock that never jumps, the clipboard, the live stream. On the server
//! nothing of it happens, so that islands need not know where they run.

#[cfg(feature = "ssr")]
#[path = "host.rs"]
mod place;
#[cfg(not(feature = "ssr"))]
#[path = "web.rs"]
mod place;

pub use place::*;

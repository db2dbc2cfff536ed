//! What the browser offers besides its page: timers, the clock that never jumps, the clipboard. On the server nothing
//! of it happens, so that components need not know where they run.

#[cfg(feature = "ssr")]
#[path = "host.rs"]
mod place;
#[cfg(not(feature = "ssr"))]
#[path = "web.rs"]
mod place;

pub use place::*;

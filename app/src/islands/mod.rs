//! What a browser brings to life: the only components whose code it downloads. Everything else is drawn by the server,
//! and exchanged by [`crate::live`] when it has changed.

pub mod bell;
pub mod copy;
pub mod countdown;
pub mod phone_keys;

//! Everything a browser may ask, one server function a file. Each is a public endpoint: it identifies, calls, translates.

pub mod account;
pub mod cancel_reset;
pub mod change_password;
pub mod countdown;
pub mod device;
pub mod end_session;
pub mod forget_passcode;
pub mod mark_read;
pub mod my_devices;
pub mod notifications;
pub mod phones;
pub mod remove_passkey;
pub mod reset_passcode;
pub mod reveal_passcode;
pub mod shell;
pub mod what_happened;

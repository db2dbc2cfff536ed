//! How a page the server drew lives: it is told that something has changed, asks for itself anew, and exchanges what
//! differs. Forms are answered in place, and times count on. One drawing serves pages with and without WebAssembly.

mod forms;
mod morph;
mod page;
pub mod socket;
mod times;

/// Once a page.
pub fn start() {
    page::start();
    times::start();
    forms::start();
}

//! The live stream of a signed-in page: the unread count, and the news that something has changed.

mod clock;
#[cfg(not(feature = "ssr"))]
mod socket;

use domain::notification::Notification;
use leptos::prelude::*;

use crate::api::shell::Me;
use crate::browser;
pub use clock::{Clock, use_clock};

#[derive(Clone, Copy)]
pub struct Live {
    pub unread: RwSignal<u32>,
    /// Grows with every message. Whatever a message may have changed is asked for anew.
    pub version: RwSignal<u32>,
    /// The newest thing that happened while this page was open.
    pub fresh: RwSignal<Option<Notification>>,
    /// The session ended elsewhere: what stands on the page is no longer for whoever looks at it.
    pub signed_out: RwSignal<bool>,
    /// The newest notification this page has.
    cursor: StoredValue<i64>,
    listening: StoredValue<bool>,
}

pub fn use_live() -> Live {
    expect_context::<Live>()
}

impl Live {
    pub fn provide() -> Self {
        let live = Self {
            unread: RwSignal::new(0),
            version: RwSignal::new(0),
            fresh: RwSignal::new(None),
            signed_out: RwSignal::new(false),
            cursor: StoredValue::new(0),
            listening: StoredValue::new(false),
        };
        provide_context(live);
        live
    }

    /// What the page was drawn with.
    pub fn start_from(&self, me: &Me) {
        self.unread.set(me.unread);
        self.cursor.set_value(me.cursor);
    }

    /// Opens the stream, once a page.
    pub fn listen(self) {
        if !self.listening.get_value() {
            self.listening.set_value(true);
            #[cfg(not(feature = "ssr"))]
            socket::listen(self);
            // What an MDM tells nobody, such as a phone without a network, is seen when somebody looks again.
            browser::on_wake(move || self.refresh());
        }
    }

    /// Something on the page is no longer as it was.
    pub fn refresh(self) {
        self.version.update(|version| *version = version.wrapping_add(1));
    }
}

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use domain::live::{LiveUpdate, millis_until_again};
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CloseEvent, MessageEvent, WebSocket};

use super::{page, times};
use crate::browser;

/// The server closes with it when the session ended.
const SESSION_ENDED: u16 = 4401;
/// The server closes with it when it ends.
const RESTARTING: u16 = 1012;
/// A page that is being left by signing out itself is gone before then; the others say what happened.
const LEAVING_MILLIS: u32 = 800;

/// One stream, reopened as long as the page lives.
struct Connection {
    told: Box<dyn Fn(LiveUpdate)>,
    /// The newest notification this page has.
    cursor: Cell<i64>,
    socket: RefCell<Option<Open>>,
    failures: Cell<u32>,
    waiting: Cell<bool>,
    over: Cell<bool>,
}

/// A socket calls its closures only as long as somebody keeps them.
struct Open {
    socket: WebSocket,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

/// Hears what is new after `cursor`.
pub fn listen(cursor: i64, told: impl Fn(LiveUpdate) + 'static) {
    let connection = Rc::new(Connection {
        told: Box::new(told),
        cursor: Cell::new(cursor),
        socket: RefCell::new(None),
        failures: Cell::new(0),
        waiting: Cell::new(false),
        over: Cell::new(false),
    });
    connection.open();
    browser::on_wake(move || connection.open());
}

impl Connection {
    /// Does nothing while there is a living socket.
    fn open(self: &Rc<Self>) {
        if self.over.get() || self.is_alive() {
            return;
        }
        let Ok(socket) = self.address().and_then(|url| WebSocket::new(&url)) else {
            self.open_later(false);
            return;
        };
        let this = Rc::clone(self);
        let on_message =
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| this.received(&event));
        let this = Rc::clone(self);
        let on_close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| this.closed(&event));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        self.socket.replace(Some(Open { socket, _on_message: on_message, _on_close: on_close }));
    }

    fn address(&self) -> Result<String, JsValue> {
        let location = window().location();
        let scheme = if location.protocol()? == "https:" { "wss" } else { "ws" };
        let address = format!("{scheme}://{}/live?after={}", location.host()?, self.cursor.get());
        Ok(match times::drawn(&document()) {
            Some(drawn) => format!("{address}&drawn={drawn}"),
            None => address,
        })
    }

    fn is_alive(&self) -> bool {
        self.socket
            .borrow()
            .as_ref()
            .is_some_and(|open| matches!(open.socket.ready_state(), WebSocket::CONNECTING | WebSocket::OPEN))
    }

    fn received(&self, event: &MessageEvent) {
        let update = event.data().as_string().and_then(|text| serde_json::from_str::<LiveUpdate>(&text).ok());
        if let Some(update) = update {
            self.failures.set(0);
            self.cursor.set(update.cursor);
            if update.changed {
                page::look_again();
            }
            (self.told)(update);
        }
    }

    fn closed(self: &Rc<Self>, event: &CloseEvent) {
        if event.code() == SESSION_ENDED {
            self.over.set(true);
            Timeout::new(LEAVING_MILLIS, page::sign_out).forget();
        } else {
            self.open_later(event.code() == RESTARTING);
        }
    }

    fn open_later(self: &Rc<Self>, restarting: bool) {
        if self.waiting.replace(true) {
            return;
        }
        let failures = self.failures.replace(self.failures.get().saturating_add(1));
        let millis = millis_until_again(restarting, failures, js_sys::Math::random());
        let this = Rc::clone(self);
        Timeout::new(millis, move || {
            this.waiting.set(false);
            this.open();
        })
        .forget();
    }
}

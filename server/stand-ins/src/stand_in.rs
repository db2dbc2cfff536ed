//! What a test does with a stand-in.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::fault::Fault;
use crate::http::Entry;
use crate::keys::Folder;
use crate::nanomdm;
use crate::phone::{Execution, Phone, user_of};
use crate::seat::Passcode;
use crate::serve::{Shared, accept};
use crate::time::{Clock, system_clock};
use crate::world::{Kind, World};

/// How often phones look for themselves, in real time.
const TICK: Duration = Duration::from_millis(50);

pub struct Setup {
    pub clock: Clock,
    /// Where NanoMDM sends events, with its HMAC key.
    pub webhook: Option<(String, String)>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { clock: system_clock(), webhook: None }
    }
}

/// A running MDM. It ends with its last clone.
#[derive(Clone)]
pub struct StandIn {
    pub url: String,
    running: Arc<Running>,
}

struct Running {
    kind: Kind,
    shared: Arc<Shared>,
    folder: Folder,
    tasks: [AbortHandle; 2],
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl StandIn {
    /// Begins with no phones.
    pub async fn start(kind: Kind, setup: Setup) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let shared = Arc::new(Shared::new(World::new(kind, url.clone(), setup.clock, setup.webhook)));
        let serving = tokio::spawn(accept(listener, Arc::clone(&shared))).abort_handle();
        let ticking = tokio::spawn(tick(Arc::downgrade(&shared))).abort_handle();
        let running = Running { kind, shared, folder: Folder::new(port), tasks: [serving, ticking] };
        Self { url, running: Arc::new(running) }
    }

    pub fn kind(&self) -> Kind {
        self.running.kind
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.running.folder
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.running.shared
    }

    /// On NanoMDM the phone enrols: Authenticate, then TokenUpdate go out as events.
    pub fn add(&self, phone: Phone) {
        assert!(self.kind() != Kind::Fleet || phone.id.parse::<u64>().is_ok(), "Fleet's ids are numbers");
        let mut world = self.shared().world();
        let id = phone.id.clone();
        world.add(phone);
        if world.kind == Kind::NanoMdm {
            let at = world.at(&id);
            nanomdm::enrol(&mut world, at);
        }
    }

    /// It is also reached by this address, through something between.
    pub fn is_also_at(&self, url: &str) {
        self.shared().world().other_urls.push(url.to_owned());
    }

    /// Phones begin online.
    pub fn set_online(&self, id: &str, online: bool) {
        let mut world = self.shared().world();
        let at = world.at(id);
        let was_online = std::mem::replace(&mut world.seats[at].online, online);
        if online && !was_online && world.kind == Kind::NanoMdm {
            nanomdm::idle(&mut world, at);
        }
    }

    /// The MDM lets go of it: a 404, gone from the lists, or on NanoMDM a CheckOut.
    pub fn retire(&self, id: &str) {
        let mut world = self.shared().world();
        let (at, now) = (world.at(id), world.now());
        world.seats[at].retired = true;
        world.seats[at].clear(now);
        if world.kind == Kind::NanoMdm {
            nanomdm::check_out(&mut world, at);
        }
    }

    pub fn give_to(&self, id: &str, email: &str) {
        let mut world = self.shared().world();
        world.people.extend([email.to_owned(), user_of(email)]);
        let phone = &mut world.seat(id).phone;
        (phone.email, phone.user_id) = (email.to_owned(), user_of(email));
    }

    /// The phone is wiped from the MDM's sight and comes anew: what waited for it is gone. On NanoMDM Authenticate,
    /// then TokenUpdate with a new token.
    pub fn enrol_again(&self, id: &str) {
        let mut world = self.shared().world();
        let (at, now) = (world.at(id), world.now());
        world.seats[at].retired = false;
        world.seats[at].clear(now);
        if world.kind == Kind::NanoMdm {
            world.seats[at].unlock_token = world.unlock_token();
            nanomdm::enrol(&mut world, at);
        }
    }

    /// The phone answers the commands to come with an error.
    pub fn device_refuses(&self, id: &str, refuses: bool) {
        self.shared().world().seat(id).refuses = refuses;
    }

    /// The phone puts commands off: NotNow on Apple's protocol, silence on the others.
    pub fn not_now(&self, id: &str, not_now: bool) {
        self.shared().world().seat(id).not_now = not_now;
    }

    /// Fleet: `lock` (Lost Mode) or `wipe` is under way and forbids a reset; empty = nothing is.
    pub fn pending_action(&self, id: &str, action: &str) {
        action.clone_into(&mut self.shared().world().seat(id).pending_action);
    }

    /// Its owner sets a passcode, and forgets it again.
    pub fn forget_passcode(&self, id: &str) {
        self.shared().world().seat(id).passcode = Passcode::Unknown;
    }

    /// The passcode resets that the phone really did, in order.
    pub fn executions(&self, id: &str) -> Vec<Execution> {
        self.shared().world().seat(id).executions.clone()
    }

    /// Whether the phone opens with that passcode; `None` = without any. Every phone begins with one nobody knows.
    pub fn opens(&self, id: &str, passcode: Option<&str>) -> bool {
        match (&self.shared().world().seat(id).passcode, passcode) {
            (Passcode::None, None) => true,
            (Passcode::Is(it), Some(tried)) => it == tried,
            _ => false,
        }
    }

    /// The phones that are online check in now and do what waits for them for 300 ms or longer by the clock. The
    /// events of it are delivered, unless they are held.
    pub async fn advance(&self) {
        self.shared().world().check_in(true);
        self.shared().deliver().await;
    }

    /// Waits until the phones that are online have nothing more to do and all events are out, or for five seconds of
    /// real time: phones that put a command off never finish.
    pub async fn wait_until_idle(&self) {
        for _ in 0..100 {
            self.shared().deliver().await;
            if self.is_idle() {
                return;
            }
            sleep(TICK).await;
        }
    }

    fn is_idle(&self) -> bool {
        let world = self.shared().world();
        let waits = |seat: &crate::seat::Seat| {
            seat.online && !seat.retired && seat.records.iter().any(crate::seat::Record::is_open)
        };
        world.outbox.is_empty() && !world.seats.iter().any(waits)
    }

    /// For the next requests that ask for no token (`usize::MAX` = until [`Self::recover`]), after the faults that
    /// are already planned.
    pub fn suffer(&self, fault: Fault, requests: usize) {
        self.shared().world().faults.plan(None, fault, requests);
    }

    /// Only for requests whose `METHOD path?query` contains it, also for those that ask for a token.
    pub fn suffer_on(&self, path_part: &str, fault: Fault, requests: usize) {
        self.shared().world().faults.plan(Some(path_part), fault, requests);
    }

    pub fn recover(&self) {
        self.shared().world().faults.clear();
    }

    /// Every request in order.
    pub fn journal(&self) -> Vec<Entry> {
        self.shared().world().journal.clone()
    }

    /// It refuses our credentials from now on, and the tokens it gave for them.
    pub fn set_credentials_wrong(&self, wrong: bool) {
        let mut world = self.shared().world();
        world.credentials_wrong = wrong;
        world.tokens.iter_mut().for_each(|token| token.valid = false);
    }

    /// It knows us, and we lack the permission.
    pub fn forbid(&self, forbid: bool) {
        self.shared().world().forbid = forbid;
    }
}

/// Phones that look for themselves, as long as there is somebody to look for.
async fn tick(shared: Weak<Shared>) {
    loop {
        sleep(TICK).await;
        let Some(shared) = shared.upgrade() else { return };
        shared.world().check_in(false);
        shared.deliver().await;
    }
}

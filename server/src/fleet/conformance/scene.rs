//! A portal before an MDM: its rows, its worker, and Ana with one device in her hand. Time is the test's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use domain::Refusal;
use domain::command::{Command, CommandState, Failure};
use domain::device::FleetId;
use domain::device::{Device, DeviceId};
use domain::fleet::{Fleets, Message};
use domain::portal::Portal;
use domain::ports::{Clock, Denied, PasscodeState, Sealer, SessionLimits, Signals};
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::Outside;
use crate::fakes::{Counting, Nobody};
use crate::fleet::directory::Directory;
use crate::seal::FileSealer;
use crate::signals::LocalSignals;
use crate::store::conformance::Story;
use crate::store::sql::SqlStore;
use crate::worker::Worker;

/// A command that does not end within so many turns is stuck.
const MOST_TURNS: usize = 400;

pub struct Scene<O> {
    pub outside: O,
    pub story: Story,
    pub portal: Arc<Portal>,
    worker: Worker,
    sealer: Arc<dyn Sealer>,
    /// The next session.
    cookie: AtomicU8,
    _folder: TempDir,
}

impl<O: Outside> Scene<O> {
    pub async fn of(outside: O) -> Self {
        let folder = TempDir::new().unwrap();
        let store = SqlStore::in_file(&folder.path().join("portal.db")).await.unwrap();
        let clock: Arc<dyn Clock> = outside.clock();
        let story = Story::with_clock(Arc::new(store), outside.clock()).await;
        let random = Arc::new(Counting::new());
        let sealer: Arc<dyn Sealer> =
            Arc::new(FileSealer::open(&folder.path().join("seal.key"), None, random.clone()).unwrap());
        let signals: Arc<dyn Signals> = Arc::new(LocalSignals::new(Arc::clone(&clock)));
        let mdms = vec![("The MDM".to_owned(), outside.connector())];
        let fleets: Arc<dyn Fleets> = Arc::new(Directory::new(mdms, &clock, &signals));
        let portal = Arc::new(Portal {
            store: Arc::clone(&story.store),
            fleets,
            authenticator: Arc::new(Nobody),
            sealer: Arc::clone(&sealer),
            signals,
            clock,
            random,
            limits: SessionLimits { idle_seconds: 3600, absolute_seconds: 43_200 },
            window_seconds: 300,
            resets_per_device_and_hour: 20,
        });
        listen(&outside, Arc::clone(&portal)).await;
        let worker = Worker::new(Arc::clone(&portal));
        let scene =
            Self { outside, story, portal, worker, sealer, cookie: AtomicU8::new(1), _folder: folder };
        // Devices that tell of themselves have told.
        scene.pass(1_000).await;
        scene
    }

    pub async fn device(&self, id: &DeviceId) -> Device {
        self.outside.connector().device_of(&self.story.ana, id).await.unwrap().unwrap()
    }

    /// Time passes, and nobody at the portal does anything.
    pub async fn pass(&self, millis: i64) {
        self.outside.clock().wait(millis);
        self.outside.pass().await;
    }

    /// One command that is due is carried on; else time passes until one is. False: none is open.
    pub async fn turn(&self) -> bool {
        if self.worker.take_turn().await.unwrap() {
            return true;
        }
        let Some(due) = self.story.store.next_due().await.unwrap() else { return false };
        self.pass(due.millis_since(self.story.now()).clamp(1, 5_000)).await;
        true
    }

    /// So much time passes at the portal too.
    pub async fn go_on(&self, millis: i64) {
        let until = self.story.now().plus_millis(millis);
        while self.story.now() < until && self.turn().await {}
        self.pass(until.millis_since(self.story.now()).max(0)).await;
    }

    /// Until the command has ended.
    pub async fn end(&self) -> CommandState {
        for _ in 0..MOST_TURNS {
            if !self.turn().await {
                return self.state().await;
            }
        }
        panic!("stuck in {:?}", self.command().await);
    }

    /// Ana, freshly proven, asks for a reset as the portal takes it.
    pub async fn try_submit(&self, id: &DeviceId) -> Result<(), Refusal> {
        let device = self.device(id).await;
        let actor = self.story.proven(&device, self.next_cookie()).await;
        match self.portal.reset_passcode(&actor, id).await {
            Ok(_) => Ok(()),
            Err(Denied::Refused(refusal)) => Err(refusal),
            Err(failure) => panic!("{failure}"),
        }
    }

    pub async fn submit(&self) {
        self.submit_as(&self.device_known(&self.outside.device())).await;
    }

    /// As it was known before the trouble.
    pub async fn submit_known(&self, id: &DeviceId) {
        self.submit_as(&self.device_known(id)).await;
    }

    pub async fn submit_as(&self, device: &Device) {
        let actor = self.story.proven(device, self.next_cookie()).await;
        self.story.submit(&actor, device).await.unwrap();
    }

    fn device_known(&self, id: &DeviceId) -> Device {
        let policy = self.outside.policy();
        Device { id: id.clone(), platform: policy.0, policy: policy.1, ..self.story.device("phone") }
    }

    pub async fn cancel(&self) -> Result<(), Refusal> {
        let device = self.device_known(&self.outside.device());
        let actor = self.story.proven(&device, self.next_cookie()).await;
        match self.portal.cancel_reset(&actor, &device.id).await {
            Ok(()) => Ok(()),
            Err(Denied::Refused(refusal)) => Err(refusal),
            Err(failure) => panic!("{failure}"),
        }
    }

    pub async fn command(&self) -> Command {
        let last = self.story.store.last_commands(self.story.ana.id).await.unwrap();
        last.into_iter().max_by_key(|command| command.created_at).unwrap()
    }

    pub async fn state(&self) -> CommandState {
        self.command().await.state
    }

    pub async fn failure(&self) -> Option<Failure> {
        self.command().await.failure
    }

    pub async fn news(&self) -> usize {
        self.story.store.notifications(self.story.ana.id).await.unwrap().len()
    }

    /// What Ana would be shown.
    pub async fn kept_passcode(&self) -> Option<String> {
        let (command, now) = (self.command().await, self.story.now());
        let kept = self.story.store.passcode(self.story.ana.id, &command.device, now).await.unwrap()?;
        let PasscodeState::Sealed(sealed) = kept.state else { return None };
        let opened = self.sealer.open(kept.command.0.as_bytes(), &sealed).unwrap();
        Some(opened.expose_secret().to_owned())
    }

    /// What Ana is shown opens the device, and where she is shown none it opens without.
    pub async fn assert_done(&self) {
        let (command, passcode) = (self.command().await, self.kept_passcode().await);
        assert_eq!(passcode.is_some(), command.leaves_passcode(), "{command:?}");
        assert!(self.outside.opens(&command.device, passcode.as_deref()).await, "{command:?}");
        assert_eq!(self.news().await, 1);
    }

    pub async fn assert_done_once(&self) {
        let device = self.command().await.device;
        assert_eq!(self.outside.executions(&device).await.len(), 1);
        self.assert_done().await;
    }

    /// Nothing happened to the device, nothing is left to be shown, and what ended by itself was told.
    pub async fn assert_untouched(&self) {
        let device = self.outside.device();
        assert_eq!(self.outside.executions(&device).await, Vec::<Option<String>>::new());
        assert_eq!(self.kept_passcode().await, None);
        let told = usize::from(self.state().await != CommandState::Cancelled);
        assert_eq!(self.news().await, told);
    }

    fn next_cookie(&self) -> u8 {
        self.cookie.fetch_add(1, Ordering::Relaxed)
    }
}

type Ear = (Arc<Portal>, FleetId);

/// Takes the MDM's events as the portal's own address does.
async fn listen(outside: &impl Outside, portal: Arc<Portal>) {
    let fleet = outside.connector().fleet().clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let hear = async |State((portal, fleet)): State<Ear>, headers: HeaderMap, body: Bytes| {
        let signature = headers.get("x-hmac-signature").map(|value| value.to_str().unwrap());
        let message = Message { body: &body, signature };
        portal.hear(&fleet, &message).await.map_or(StatusCode::BAD_REQUEST, |_| StatusCode::OK)
    };
    let router = Router::new().route("/", post(hear)).with_state((portal, fleet));
    tokio::spawn(async move { axum::serve(listener, router).await });
    outside.tell(&address);
}

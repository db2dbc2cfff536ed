//! The MDMs that organisations run, as stand-ins beside the program, with a phone of Ana's and one of Ben's on each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use stand_ins::{Entry, Fault, Kind, Phone, Setup, StandIn, System};

use super::browser::Browser;
use super::program::{Program, Settings};
use super::provider::now;

const ANA: &str = "ana@example.com";
const BEN: &str = "ben@example.com";
const WEBHOOK_SECRET: &str = "a webhook's secret, of the tests alone";

pub struct Mdms {
    all: BTreeMap<&'static str, StandIn>,
    /// How far their clock is ahead of the machine's, in seconds.
    ahead: Arc<AtomicI64>,
}

pub const KINDS: [Kind; 4] = Kind::ALL;

impl Mdms {
    pub async fn start() -> Self {
        let ahead = Arc::new(AtomicI64::new(0));
        let mut all = BTreeMap::new();
        for kind in KINDS {
            let told = Arc::clone(&ahead);
            let clock = Arc::new(move || (now() + told.load(Ordering::Relaxed)) * 1000);
            let webhook = Some(("http://127.0.0.1:9/".to_owned(), WEBHOOK_SECRET.to_owned()));
            let mdm = StandIn::start(kind, Setup { clock, webhook }).await;
            // Until the program listens.
            mdm.hold_events(true);
            let system =
                if matches!(kind, Kind::Intune | Kind::Android) { System::Android } else { System::Ios };
            mdm.add(Phone::new(Self::id(kind), Self::name(kind), system, ANA));
            mdm.add(Phone::new(Self::bens_id(kind), format!("Ben's {}", kind.name()), system, BEN));
            all.insert(kind.name(), mdm);
        }
        Self { all, ahead }
    }

    pub fn of(&self, kind: Kind) -> &StandIn {
        &self.all[kind.name()]
    }

    /// Of Ana's phone, as the MDM knows it. Fleet's are numbers.
    pub fn id(kind: Kind) -> String {
        if kind == Kind::Fleet { "41".to_owned() } else { format!("ana-{}", kind.name()) }
    }

    pub fn bens_id(kind: Kind) -> String {
        if kind == Kind::Fleet { "42".to_owned() } else { format!("ben-{}", kind.name()) }
    }

    pub fn name(kind: Kind) -> String {
        format!("Ana's {}", kind.name())
    }

    /// Of Ana's phone, as the portal knows it.
    pub fn device(kind: Kind) -> String {
        format!("{}.{}", kind.name(), Self::id(kind))
    }

    pub fn bens_device(kind: Kind) -> String {
        format!("{}.{}", kind.name(), Self::bens_id(kind))
    }

    /// As an operator sets them up, all of them.
    pub fn settings(&self) -> Settings {
        let mut settings: Settings = Vec::new();
        for (id, mdm) in &self.all {
            let keys = mdm.settings().into_iter().chain([
                ("kind", (*id).to_owned()),
                ("name", format!("The {id}")),
                ("timeout_seconds", "2".to_owned()),
            ]);
            settings.extend(keys.map(|(key, value)| -> (&'static str, &'static str) {
                (format!("fleet.{id}.{key}").leak(), value.leak())
            }));
        }
        for (place, (person, id)) in
            [(ANA, Self::id(Kind::NanoMdm)), (BEN, Self::bens_id(Kind::NanoMdm))].into_iter().enumerate()
        {
            settings.push((format!("owner.{place}.person").leak(), person));
            settings.push((format!("owner.{place}.serial").leak(), format!("S-{id}").leak()));
        }
        settings
    }

    /// The program listens now: whatever happened until then is told.
    pub async fn tell(&self, program: &Program) {
        let mdm = self.of(Kind::NanoMdm);
        mdm.webhook_to(&format!("{}/webhooks/nanomdm", program.url()));
        mdm.hold_events(false);
        mdm.advance().await;
    }

    pub fn jump(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::Relaxed);
    }

    pub fn order_path(kind: Kind) -> &'static str {
        match kind {
            Kind::Intune => "resetPasscode",
            Kind::NanoMdm => "/v1/enqueue",
            Kind::Android => ":issueCommand",
            Kind::Fleet => "clear_passcode",
        }
    }

    /// The orders to reset a passcode that came to this MDM.
    pub fn orders(&self, kind: Kind) -> Vec<Entry> {
        let path = Self::order_path(kind);
        let mut orders = self.of(kind).journal();
        orders.retain(|entry| entry.path.contains(path) && entry.method != "GET");
        // On NanoMDM a probe or a question goes the same way.
        orders.retain(|entry| kind != Kind::NanoMdm || entry.body.contains("ClearPasscode"));
        orders
    }

    pub fn executions(&self, kind: Kind) -> usize {
        self.of(kind).executions(&Self::id(kind)).len()
    }

    pub fn suffer_on_order(&self, kind: Kind, fault: Fault) {
        self.of(kind).suffer_on(Self::order_path(kind), fault, 1);
    }

    /// Whatever opens an MDM or a phone must turn up nowhere.
    pub fn keep_secrets(&self, program: &Program) {
        let mut secrets = program.secrets.lock().unwrap();
        for mdm in self.all.values() {
            secrets.extend(mdm.secrets());
            for entry in mdm.journal() {
                let header = entry.headers.get("authorization").cloned().unwrap_or_default();
                secrets.extend(header.split_whitespace().nth(1).map(str::to_owned));
            }
        }
    }
}

impl Program {
    /// With all MDMs.
    pub async fn start_with_mdms(mdms: &Mdms, more: Settings) -> Self {
        let program = Self::start_with([mdms.settings(), more].concat()).await;
        mdms.tell(&program).await;
        program
    }
}

impl Browser {
    /// Signed in as Ana, freshly proven for her phone of this MDM.
    pub async fn prove_for(&self, kind: Kind) -> String {
        let device = Mdms::device(kind);
        self.sign_in("ana").await;
        self.prove_again("ana", &device).await;
        device
    }
}

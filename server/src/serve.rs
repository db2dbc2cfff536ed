//! Runs the listeners and the worker until the program is asked to end.

use std::sync::Arc;

use app::site::{Contact, Provider, Site};
use domain::fleet::Connector;
use domain::phone::Hands;
use domain::portal::Portal;
use domain::ports::{Sealer, SessionLimits, Signals};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::config::{Config, Oidc};
use crate::ending::{Ending, Stop, Stopping, asked_to_end};
use crate::fleet::directory::Directory;
use crate::fleet::{self, Means};
use crate::host::Host;
use crate::http::{self, Pages};
use crate::limits::SignInLimits;
use crate::listen::{self, bind};
use crate::listeners::Listeners;
use crate::opened::Opened;
use crate::origins::Origins;
use crate::seal::FileSealer;
use crate::signals::{LocalSignals, tell_of_ends};
use crate::signin::cookies::Cookies;
use crate::signin::oidc::Providers;
use crate::signin::passkeys::Passkeys;
use crate::supervisor;
use crate::worker::Worker;

/// Taken before anything is opened, so that a second program on the same data does not get that far.
pub struct Ports {
    pages: TcpListener,
    management: TcpListener,
}

impl Ports {
    pub fn take(config: &Config) -> Result<Self, String> {
        Ok(Self {
            pages: bind(config.server.listen, "server.listen")?,
            management: bind(config.server.management_listen, "server.management_listen")?,
        })
    }
}

/// What one organisation's portal is made of.
pub struct Organisation {
    pub config: Config,
    pub opened: Opened,
    pub origins: Origins,
    /// Besides those that the settings name.
    pub own_fleets: Vec<(String, Arc<dyn Connector>)>,
    pub pages: Pages,
}

impl Organisation {
    /// Until the program is asked to end. `ready` is called once the ports answer.
    pub async fn serve(
        self,
        ports: Ports,
        ending: Ending,
        mut tasks: JoinSet<()>,
        stop: Stop,
        ready: impl FnOnce(),
    ) -> Result<(), String> {
        let Self { config, opened, origins, own_fleets: mut mdms, pages } = self;
        let providers = Providers::of(&config.oidc, &opened.clock)?;
        let sealer: Arc<dyn Sealer> = Arc::new(FileSealer::from(&config, Arc::clone(&opened.random))?);
        let signals = Arc::new(LocalSignals::new(Arc::clone(&opened.clock)));
        let means = Means {
            clock: &opened.clock,
            random: &opened.random,
            sealer: &sealer,
            enrolments: &opened.enrolments,
        };
        for mdm in fleet::configured(&config, &means)? {
            mdms.push((mdm.name().to_owned(), mdm as Arc<dyn Connector>));
        }
        let told: Arc<dyn Signals> = Arc::clone(&signals) as _;
        let portal = Arc::new(Portal {
            store: opened.store,
            fleets: Arc::new(Directory::new(mdms, &opened.clock, &told)),
            authenticator: opened.accounts,
            sealer,
            signals: Arc::clone(&signals) as _,
            clock: opened.clock,
            random: opened.random,
            limits: SessionLimits {
                idle_seconds: config.sign_in.idle_minutes * 60,
                absolute_seconds: config.sign_in.absolute_hours * 60 * 60,
            },
            window_seconds: config.sign_in.window_seconds,
            resets_per_device_and_hour: config.limits.resets_per_device_and_hour as usize,
        });
        let host = Host {
            portal: Arc::clone(&portal),
            signals: Arc::clone(&signals),
            cookies: Cookies { secure: origins.are_https() },
            passkeys: Arc::new(Passkeys::of(&origins, &pages.site.organisation)?),
            origins: Arc::new(origins),
            providers: providers.clone(),
            proxies: config.server.proxies()?.into(),
            sign_ins: Arc::new(SignInLimits::new(&config.limits)),
            limits: config.limits.clone(),
            stopping: stop.subscribe(),
        };
        let (public, figures) = http::public(host.clone(), pages);
        let management = http::management(host, figures);
        let worker = Arc::new(Worker::new(Arc::clone(&portal)));
        tasks.spawn(worker.run(signals.subscribe(), stop.subscribe()));
        tasks.spawn(providers.meet(stop.subscribe()));
        if let Some(replicas) = opened.replicas {
            tasks.spawn(replicas.run(Arc::clone(&signals), stop.subscribe()));
        }
        tasks.spawn(send_streams_away(Arc::clone(&signals.listeners), stop.subscribe()));
        tasks.spawn(tell_of_ends(portal, signals, stop.subscribe()));
        tasks.spawn(listen::serve(ports.management, management, config.limits.clone(), stop.subscribe()));
        tasks.spawn(listen::serve(ports.pages, public, config.limits, stop.subscribe()));
        ready();
        supervisor::ready();
        ending.wait(stop, tasks, config.server.drain()).await
    }
}

async fn send_streams_away(listeners: Arc<Listeners>, mut stopping: Stopping) {
    asked_to_end(&mut stopping).await;
    listeners.send_away().await;
}

/// What the pages say of the organisation. With hands it is the demo.
pub fn pages(config: &Config, hands: Option<Arc<dyn Hands>>) -> Result<Pages, String> {
    let (organisation, contact) = (config.organisation.clone(), config.contact.clone());
    let logo = organisation.logo()?;
    let site = Site {
        logo: logo.is_some(),
        style: organisation.style()?,
        organisation: if organisation.name.is_empty() { "Latchkey".to_owned() } else { organisation.name },
        privacy_url: organisation.privacy_url,
        time_zone: organisation.time_zone,
        contact: Contact {
            name: contact.name,
            phone: contact.phone,
            email: contact.email,
            website: contact.website,
            notes: contact.notes,
        },
        providers: config.oidc.iter().map(provider).collect(),
        demo: hands.is_some(),
    };
    Ok(Pages { site, logo, hands })
}

fn provider(one: &Oidc) -> Provider {
    Provider { id: one.id.clone(), name: one.shown_name().to_owned() }
}

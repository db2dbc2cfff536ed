use std::sync::Arc;

use domain::portal::Portal;
use ipnet::IpNet;
use tokio::sync::watch;

use crate::config::Limits;
use crate::limits::{SignInLimits, StreamLimits};
use crate::origins::Origins;
use crate::signals::LocalSignals;
use crate::signin::cookies::Cookies;
use crate::signin::oidc::Providers;
use crate::signin::passkeys::Passkeys;

/// What every request handler has at hand.
#[derive(Clone)]
pub struct Host {
    pub portal: Arc<Portal>,
    pub signals: Arc<LocalSignals>,
    pub cookies: Cookies,
    pub origins: Arc<Origins>,
    pub providers: Providers,
    pub passkeys: Arc<Passkeys>,
    pub proxies: Arc<[IpNet]>,
    pub limits: Limits,
    pub sign_ins: Arc<SignInLimits>,
    pub streams: Arc<StreamLimits>,
    /// Turns true when the program is asked to end.
    pub stopping: watch::Receiver<bool>,
}

use std::sync::Arc;

use domain::portal::Portal;
use ipnet::IpNet;

use crate::config::Limits;
use crate::ending::Stopping;
use crate::limits::SignInLimits;
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
    pub stopping: Stopping,
}

//! An identity provider: what the settings say of it, and what it says of itself.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::ports::Clock;
use domain::{Refusal, Timestamp};
use http::Uri;
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::url::Url;
use openidconnect::{
    AdditionalProviderMetadata, DiscoveryError, IssuerUrl, JsonWebKeySetUrl, ProviderMetadata,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::config::{Oidc, is_safe_url};
use crate::ending::{Stopping, asked_to_end};
use crate::outgoing::{AT_MOST, Outgoing, OutgoingError};

/// After so long it is asked anew.
const KNOWN_SECONDS: i64 = 60 * 60;
/// A token signed with a key we do not know makes us ask for its keys, and not more often than this.
const KEYS_SECONDS: i64 = 10;
/// For so long after a silence nobody waits for it again: one that is known from before serves on, one that never
/// answered is needed.
const SILENT_SECONDS: i64 = 60;
const SILENT_STRANGER_SECONDS: i64 = 2;
/// How soon one that does not answer is asked again, so that pages know where their forms lead.
const ASK_AGAIN: Duration = Duration::from_secs(30);

/// What the library knows nothing of.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct More {
    pub end_session_endpoint: Option<String>,
    pub pushed_authorization_request_endpoint: Option<String>,
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    pub prompt_values_supported: Option<Vec<String>>,
    #[serde(default)]
    pub backchannel_logout_supported: bool,
}

impl AdditionalProviderMetadata for More {}

pub type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Why nothing is known of it.
#[derive(Debug, thiserror::Error)]
pub enum Undiscovered {
    #[error("it does not answer: {0}")]
    Silent(OutgoingError),
    #[error("what it says of itself cannot be read: {0}")]
    Unreadable(String),
    #[error("it calls itself otherwise: {0}")]
    AnotherIssuer(String),
    #[error("its {0} is {1:?}, which is not https")]
    Unsafe(&'static str, String),
}

/// The library keeps to itself what went wrong underneath.
impl From<DiscoveryError<OutgoingError>> for Undiscovered {
    fn from(error: DiscoveryError<OutgoingError>) -> Self {
        match error {
            DiscoveryError::Request(error) => Self::Silent(error),
            DiscoveryError::Response(status, _, why) => Self::Unreadable(format!("{status}, {why}")),
            DiscoveryError::Parse(error) => Self::Unreadable(error.to_string()),
            DiscoveryError::Validation(why) => Self::AnotherIssuer(why),
            other => Self::Unreadable(other.to_string()),
        }
    }
}

#[derive(Clone)]
struct Known {
    metadata: Arc<Metadata>,
    at: Timestamp,
    keys_at: Timestamp,
}

pub struct Provider {
    pub settings: Oidc,
    pub outgoing: Outgoing,
    clock: Arc<dyn Clock>,
    known: RwLock<Option<Known>>,
    /// Many who sign in at once ask once. When it last did not answer.
    asking: Mutex<Option<Timestamp>>,
}

impl Provider {
    pub fn new(settings: Oidc, outgoing: Outgoing, clock: Arc<dyn Clock>) -> Self {
        Self { settings, outgoing, clock, known: RwLock::default(), asking: Mutex::default() }
    }

    /// What it says of itself, asked anew from time to time. One that stopped answering is as it was.
    pub async fn metadata(&self) -> Result<Arc<Metadata>, Refusal> {
        if let Some(known) = self.recently_known() {
            return Ok(known);
        }
        // Whom somebody else is asking already, and who is known from before, is not waited for.
        let mut silent_at = match (self.asking.try_lock(), self.known()) {
            (Ok(turn), _) => turn,
            (Err(_), Some(known)) => return Ok(known.metadata),
            (Err(_), None) => self.asking.lock().await,
        };
        if let Some(known) = self.recently_known() {
            return Ok(known);
        }
        let known = self.known().map(|known| known.metadata);
        let silence = if known.is_some() { SILENT_SECONDS } else { SILENT_STRANGER_SECONDS };
        if silent_at.is_some_and(|at| self.clock.now().seconds_since(at) < silence) {
            return known.ok_or(Refusal::ProviderUnreachable);
        }
        match self.discover().await {
            Ok(metadata) => {
                let (metadata, now) = (Arc::new(metadata), self.clock.now());
                self.remember(Known { metadata: Arc::clone(&metadata), at: now, keys_at: now });
                Ok(metadata)
            }
            Err(why) => {
                *silent_at = Some(self.clock.now());
                tracing::warn!(
                    provider = self.settings.id,
                    why = why.to_string(),
                    "an identity provider does not say how it is reached"
                );
                known.ok_or(Refusal::ProviderUnreachable)
            }
        }
    }

    /// With newer keys than these, for a token whose key is not among them.
    pub async fn with_newer_keys(&self, than: &Metadata) -> Option<Arc<Metadata>> {
        let _turn = self.asking.lock().await;
        let known = self.known()?;
        if !std::ptr::eq(Arc::as_ptr(&known.metadata), than) {
            // Somebody else has asked meanwhile.
            return Some(known.metadata);
        }
        let now = self.clock.now();
        if now.seconds_since(known.keys_at) < KEYS_SECONDS {
            return None;
        }
        self.remember(Known { keys_at: now, ..known.clone() });
        let keys = self.keys(known.metadata.jwks_uri()).await;
        let keys = keys
            .inspect_err(|why| {
                tracing::warn!(provider = self.settings.id, why = why.to_string(), "its keys cannot be read");
            })
            .ok()?;
        let metadata = Arc::new((*known.metadata).clone().set_jwks(keys));
        self.remember(Known { metadata: Arc::clone(&metadata), keys_at: now, ..known });
        Some(metadata)
    }

    pub async fn discover(&self) -> Result<Metadata, Undiscovered> {
        let issuer = IssuerUrl::new(self.settings.issuer.clone());
        let issuer = issuer.map_err(|error| Undiscovered::Unreadable(error.to_string()))?;
        let found = Metadata::discover_async(issuer, &self.outgoing).await;
        let metadata = found?;
        // Only one on this machine may send us to this machine.
        let encrypted = self.settings.issuer.starts_with("https:");
        for (what, address) in addresses(&metadata) {
            if !is_safe_url(&address) || (encrypted && !address.starts_with("https:")) {
                return Err(Undiscovered::Unsafe(what, address));
            }
        }
        Ok(metadata)
    }

    async fn keys(&self, from: &JsonWebKeySetUrl) -> Result<CoreJsonWebKeySet, Undiscovered> {
        Ok(CoreJsonWebKeySet::fetch_async(from, &self.outgoing).await?)
    }

    /// Where people sign out there as well and come back from, if that is known: nobody waits for it.
    pub fn sign_out_address(&self, back: &str) -> Option<String> {
        let known = self.known()?;
        let mut url = Url::parse(known.metadata.additional_metadata().end_session_endpoint.as_ref()?).ok()?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("post_logout_redirect_uri", back);
        Some(url.into())
    }

    /// Where its forms and redirects lead.
    fn origins(&self) -> Vec<String> {
        let mut all = vec![self.settings.issuer.clone()];
        if let Some(known) = self.known() {
            all.push(known.metadata.authorization_endpoint().to_string());
            all.extend(known.metadata.additional_metadata().end_session_endpoint.clone());
        }
        all.iter().filter_map(|address| origin(address)).collect()
    }

    fn recently_known(&self) -> Option<Arc<Metadata>> {
        let known = self.known()?;
        let age = self.clock.now().seconds_since(known.at);
        (age < KNOWN_SECONDS).then_some(known.metadata)
    }

    fn known(&self) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, known: Known) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }
}

/// Everywhere it says that we should go.
fn addresses(metadata: &Metadata) -> Vec<(&'static str, String)> {
    let more = metadata.additional_metadata();
    let mut all = vec![
        ("authorization_endpoint", metadata.authorization_endpoint().to_string()),
        ("jwks_uri", metadata.jwks_uri().to_string()),
    ];
    all.extend(metadata.token_endpoint().map(|url| ("token_endpoint", url.to_string())));
    all.extend(metadata.userinfo_endpoint().map(|url| ("userinfo_endpoint", url.to_string())));
    all.extend(more.end_session_endpoint.clone().map(|url| ("end_session_endpoint", url)));
    let pushed = more.pushed_authorization_request_endpoint.clone();
    all.extend(pushed.map(|url| ("pushed_authorization_request_endpoint", url)));
    all
}

/// As a policy of a page names it. What has other signs in it would be read as more than a name there.
fn origin(address: &str) -> Option<String> {
    let uri: Uri = address.parse().ok()?;
    let origin = format!("{}://{}", uri.scheme_str()?, uri.authority()?);
    origin.chars().all(|sign| sign.is_ascii_alphanumeric() || "-._:/[]".contains(sign)).then_some(origin)
}

/// All of the organisation, in the order of the settings.
#[derive(Clone)]
pub struct Providers(Arc<[Arc<Provider>]>);

impl Providers {
    pub fn of(settings: &[Oidc], clock: &Arc<dyn Clock>) -> Result<Self, String> {
        let outgoing = Outgoing::new(AT_MOST)?;
        let provider = |one: &Oidc| Arc::new(Provider::new(one.clone(), outgoing.clone(), Arc::clone(clock)));
        Ok(Self(settings.iter().map(provider).collect()))
    }

    pub fn find(&self, id: &str) -> Option<&Arc<Provider>> {
        self.0.iter().find(|provider| provider.settings.id == id)
    }

    pub fn all(&self) -> &[Arc<Provider>] {
        &self.0
    }

    pub fn of_issuer(&self, issuer: &str) -> Option<&Arc<Provider>> {
        self.0.iter().find(|provider| provider.settings.issuer == issuer)
    }

    pub fn origins(&self) -> Vec<String> {
        let all: HashSet<String> = self.0.iter().flat_map(|provider| provider.origins()).collect();
        let mut all: Vec<String> = all.into_iter().collect();
        all.sort();
        all
    }

    /// Asks each until it has answered once, so that pages know where their forms may lead.
    pub async fn meet(self, mut stopping: Stopping) {
        let mut strangers = self.0.to_vec();
        while !strangers.is_empty() {
            let mut remaining = Vec::new();
            for provider in strangers {
                if provider.metadata().await.is_err() {
                    remaining.push(provider);
                }
            }
            strangers = remaining;
            if strangers.is_empty() {
                return;
            }
            tokio::select! {
                () = asked_to_end(&mut stopping) => return,
                () = tokio::time::sleep(ASK_AGAIN) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_origins_alone() {
        assert_eq!(
            origin("https://id.example.com:8443/a?b#c").as_deref(),
            Some("https://id.example.com:8443")
        );
        assert_eq!(origin("https://[::1]/a").as_deref(), Some("https://[::1]"));
        for not in [
            "https://a.example;sandbox/x",
            "https://*/x",
            "https://user@host/",
            "javascript:alert(1)",
            "x",
            "",
        ] {
            assert_eq!(origin(not), None, "{not}");
        }
    }
}

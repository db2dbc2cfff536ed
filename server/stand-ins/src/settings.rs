//! What a client has to know of a stand-in, and what it must never tell.

use std::path::PathBuf;

use crate::keys;
use crate::stand_in::StandIn;
use crate::world::Kind;

impl StandIn {
    /// What the product has to be told to use it: key and value.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let world = self.shared().world();
        let (url, known) = (self.url.clone(), &world.credentials);
        let secret = known.secret.clone();
        match self.kind() {
            Kind::Intune => vec![
                ("tenant", known.tenant.clone()),
                ("client_id", known.client_id.clone()),
                ("client_secret", secret),
                ("login_url", url.clone()),
                ("graph_url", url),
            ],
            Kind::NanoMdm => vec![
                ("url", url),
                ("api_key", secret),
                ("webhook_secret", world.outbox.key.clone()),
                ("push", "false".to_owned()),
            ],
            Kind::Android => {
                let file = self.folder().service_account(&url);
                vec![
                    ("enterprise", crate::android::ENTERPRISE.to_owned()),
                    ("url", format!("{url}/v1")),
                    ("service_account_file", file.to_string_lossy().into()),
                ]
            }
            Kind::Fleet => vec![("url", url), ("token", secret)],
        }
    }

    /// Intune: the certificate it also takes instead of the client secret, and its key, as PEM files.
    pub fn certificate_files(&self) -> (PathBuf, PathBuf) {
        self.folder().certificate()
    }

    /// What must never turn up anywhere.
    pub fn secrets(&self) -> Vec<String> {
        let world = self.shared().world();
        let mut secrets: Vec<String> = world.tokens.iter().map(|token| token.value.clone()).collect();
        if matches!(self.kind(), Kind::Intune | Kind::Android) {
            secrets.extend(keys::private_lines());
        }
        match self.kind() {
            Kind::Android => {}
            Kind::NanoMdm => {
                secrets.extend(world.unlock_tokens.clone());
                secrets.extend([world.credentials.secret.clone(), world.outbox.key.clone()]);
            }
            Kind::Intune | Kind::Fleet => secrets.push(world.credentials.secret.clone()),
        }
        secrets
    }
}

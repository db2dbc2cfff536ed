//! How the portal proves to Google that it is the portal: a service account signs for itself.

use std::sync::{Arc, Mutex, PoisonError};

use domain::Timestamp;
use domain::fleet::FleetError;
use domain::ports::Clock;
use http::HeaderValue;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::config::Fleet;
use crate::fleet::Common;
use crate::fleet::calls::authorization;

const SCOPE: &str = "https://www.googleapis.com/auth/androidmanagement";
/// As long as Google believes one.
const LASTS_SECONDS: i64 = 3600;
const SPARE_SECONDS: i64 = 300;

pub struct Tokens {
    email: String,
    key_id: String,
    key: EncodingKey,
    clock: Arc<dyn Clock>,
    kept: Mutex<Option<(HeaderValue, Timestamp)>>,
}

/// As Google writes it.
#[derive(Deserialize)]
struct ServiceAccount {
    client_email: String,
    #[serde(default)]
    private_key_id: String,
    private_key: SecretString,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    scope: &'static str,
    iat: i64,
    exp: i64,
}

impl Tokens {
    pub fn new(settings: &Fleet, common: &Common) -> Result<Self, String> {
        let file = settings.service_account_file.display();
        let text = std::fs::read_to_string(&settings.service_account_file)
            .map_err(|error| format!("service_account_file {file} cannot be read: {error}"))?;
        let unfit = || {
            format!(
                "service_account_file {file} is not the JSON key of a service account. In the Google Cloud console: IAM \
                 & Admin > Service Accounts > the account > Keys > Add key > JSON"
            )
        };
        // What is wrong with it is not told: the words may repeat the key.
        let account: ServiceAccount = serde_json::from_str(&text).map_err(|_| unfit())?;
        let pem = account.private_key.expose_secret().as_bytes();
        Ok(Self {
            key: EncodingKey::from_rsa_pem(pem).map_err(|_| unfit())?,
            email: account.client_email,
            key_id: account.private_key_id,
            clock: Arc::clone(&common.clock),
            kept: Mutex::default(),
        })
    }

    pub fn email(&self) -> &str {
        &self.email
    }

    pub fn bearer(&self) -> Result<HeaderValue, FleetError> {
        let now = self.clock.now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((bearer, _)) = kept.as_ref().filter(|(_, ends_at)| now < *ends_at) {
            return Ok(bearer.clone());
        }
        let iat = now.0.div_euclid(1000);
        let claims =
            Claims { iss: &self.email, sub: &self.email, scope: SCOPE, iat, exp: iat + LASTS_SECONDS };
        let header = Header { kid: Some(self.key_id.clone()), ..Header::new(Algorithm::RS256) };
        let token = encode(&header, &claims, &self.key).map_err(|error| {
            FleetError::Unreachable(format!("the service account's key does not sign: {error}"))
        })?;
        let bearer = authorization("Bearer", &token.into())?;
        *kept = Some((bearer.clone(), now.plus_seconds(LASTS_SECONDS - SPARE_SECONDS)));
        Ok(bearer)
    }
}

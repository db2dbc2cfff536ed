//! How the portal proves to Microsoft that it is the portal: by a secret, or by signing with the key of a certificate.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::Timestamp;
use domain::fleet::FleetError;
use domain::ports::{Clock, Randomness};
use http::{HeaderValue, Method, Request, StatusCode};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::config::Fleet;
use crate::fleet::Common;
use crate::fleet::calls::{Answered, Calls, ask, authorization, read_json, segment, with_body};

const GLOBAL: &str = "https://login.microsoftonline.com";
/// A token that ends sooner is not used any more.
const SPARE_SECONDS: i64 = 300;
const ASSERTION_SECONDS: i64 = 600;
const ASSERTION_KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub struct Tokens {
    url: String,
    client: String,
    scope: String,
    proof: Proof,
    calls: Arc<Calls>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Randomness>,
    /// Those who ask at once ask once.
    kept: Mutex<Option<Token>>,
}

enum Proof {
    Secret(SecretString),
    Certificate { key: EncodingKey, thumbprint: String },
}

struct Token {
    bearer: HeaderValue,
    ends_at: Timestamp,
}

#[derive(Deserialize)]
struct Issued {
    access_token: SecretString,
    expires_in: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NotIssued {
    error: String,
    error_codes: Vec<u32>,
    error_description: String,
}

#[derive(Serialize)]
struct Assertion<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: Uuid,
    nbf: i64,
    exp: i64,
}

impl Tokens {
    pub fn new(settings: &Fleet, graph: &str, common: &Common) -> Result<Self, String> {
        let login = Fleet::address(&settings.login_url, GLOBAL);
        let proof = if settings.certificate_file.as_os_str().is_empty() {
            Proof::Secret(settings.client_secret.clone())
        } else {
            let file = settings.certificate_file.display();
            let text = std::fs::read_to_string(&settings.certificate_file)
                .map_err(|error| format!("certificate_file {file} cannot be read: {error}"))?;
            Proof::of_pem(&text).ok_or_else(|| {
                format!("certificate_file {file} has to hold a private RSA key and its certificate, in PEM")
            })?
        };
        Ok(Self {
            url: format!("{login}/{}/oauth2/v2.0/token", segment(&settings.tenant)),
            client: settings.client_id.clone(),
            scope: format!("{graph}/.default"),
            proof,
            calls: Arc::clone(&common.calls),
            clock: Arc::clone(&common.clock),
            random: Arc::clone(&common.random),
            kept: Mutex::default(),
        })
    }

    pub async fn bearer(&self) -> Result<HeaderValue, FleetError> {
        let mut kept = self.kept.lock().await;
        if let Some(token) =
            kept.as_ref().filter(|token| self.clock.now().plus_seconds(SPARE_SECONDS) < token.ends_at)
        {
            return Ok(token.bearer.clone());
        }
        let request = self.question(self.clock.now())?;
        let answer = self.calls.read(|| request.clone()).await?;
        if answer.status() != StatusCode::OK {
            return Err(FleetError::Unreachable(format!("it gives no token: {}", why(&answer))));
        }
        let issued: Issued = read_json(&answer)?;
        let bearer = authorization("Bearer", &issued.access_token)?;
        let ends_at = self.clock.now().plus_seconds(issued.expires_in);
        *kept = Some(Token { bearer: bearer.clone(), ends_at });
        Ok(bearer)
    }

    /// Where they come from.
    pub fn place(&self) -> &str {
        &self.url
    }

    pub async fn forget(&self) {
        *self.kept.lock().await = None;
    }

    fn question(&self, now: Timestamp) -> Result<Request<Vec<u8>>, FleetError> {
        let mut form = vec![
            ("client_id", self.client.clone()),
            ("scope", self.scope.clone()),
            ("grant_type", "client_credentials".to_owned()),
        ];
        match &self.proof {
            Proof::Secret(secret) => form.push(("client_secret", secret.expose_secret().to_owned())),
            Proof::Certificate { key, thumbprint } => {
                let assertion = self.assertion(key, thumbprint, now);
                form.push(("client_assertion_type", ASSERTION_KIND.to_owned()));
                form.push(("client_assertion", assertion.map_err(FleetError::Unreachable)?));
            }
        }
        let fields: Vec<String> =
            form.iter().map(|(name, value)| format!("{name}={}", segment(value))).collect();
        let request = ask(Method::POST, &self.url, None)?;
        Ok(with_body(request, "application/x-www-form-urlencoded", fields.join("&").into_bytes()))
    }

    fn assertion(&self, key: &EncodingKey, thumbprint: &str, now: Timestamp) -> Result<String, String> {
        let seconds = now.0.div_euclid(1000);
        let claims = Assertion {
            aud: &self.url,
            iss: &self.client,
            sub: &self.client,
            jti: self.new_id(),
            nbf: seconds,
            exp: seconds + ASSERTION_SECONDS,
        };
        let header = Header { x5t_s256: Some(thumbprint.to_owned()), ..Header::new(Algorithm::PS256) };
        encode(&header, &claims, key).map_err(|error| format!("the certificate's key does not sign: {error}"))
    }
}

impl Tokens {
    fn new_id(&self) -> Uuid {
        let mut random = [0; 16];
        self.random.fill(&mut random);
        uuid::Builder::from_random_bytes(random).into_uuid()
    }
}

impl Proof {
    fn of_pem(text: &str) -> Option<Self> {
        let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
        let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
        let body: String = body.split_whitespace().collect();
        let certificate = STANDARD.decode(body).ok()?;
        let begin =
            text.find("-----BEGIN PRIVATE KEY").or_else(|| text.find("-----BEGIN RSA PRIVATE KEY"))?;
        let key = EncodingKey::from_rsa_pem(&text.as_bytes()[begin..]).ok()?;
        Some(Self::Certificate { key, thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(certificate)) })
    }
}

/// Microsoft's number of the error, which says what it is, and none of its words, which may repeat what was sent.
fn why(answer: &Answered) -> String {
    let said: NotIssued = serde_json::from_slice(answer.body()).unwrap_or_default();
    let described = said
        .error_description
        .strip_prefix("AADSTS")
        .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    let number = said.error_codes.first().map(ToString::to_string).or(described).unwrap_or_default();
    let plain: String =
        said.error.chars().filter(|sign| sign.is_ascii_alphanumeric() || *sign == '_').take(64).collect();
    format!("{} ({plain} AADSTS{number})", answer.status())
}

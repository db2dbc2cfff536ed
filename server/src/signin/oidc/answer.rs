//! What an identity provider is asked, and what becomes of its answer.

use domain::Refusal;
use domain::account::{Identity, Profile};
use domain::freshness::Authentication;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{Request, StatusCode};
use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreGenderClaim, CoreIdToken,
    CoreJwsSigningAlgorithm,
};
use openidconnect::url::{Url, form_urlencoded};
use openidconnect::{
    AccessToken, AdditionalClaims, AuthType, AuthenticationContextClass, AuthorizationCode,
    ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, SignatureVerificationError, SubjectIdentifier, TokenResponse, UserInfoClaims,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::claims::Claims;
use super::provider::{Metadata, Provider};
use super::question::Question;

/// Signed with a key that only the provider has. Whatever is signed with a secret that we have too proves nothing.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 8] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
];
pub fn is_believed(algorithm: &CoreJwsSigningAlgorithm) -> bool {
    ALGORITHMS.contains(algorithm)
}

/// As the specification limits it.
const LONGEST_SUBJECT: usize = 255;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Who signed in, and what it proves.
pub struct Answered {
    pub identity: Identity,
    pub profile: Profile,
    pub proof: Authentication,
    pub session: Option<String>,
}

/// One sign-in with one provider.
pub struct Conversation<'a> {
    pub provider: &'a Provider,
    pub metadata: &'a Metadata,
    pub question: &'a Question,
    /// Where the provider sends the browser back to.
    pub redirect: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Everything(serde_json::Map<String, serde_json::Value>);

impl AdditionalClaims for Everything {}

impl Conversation<'_> {
    /// Where the browser goes to be asked. While the five minutes run, the person has to authenticate there anew.
    pub async fn begin(&self, prove: bool) -> Result<Url, Refusal> {
        let client = self.client(self.metadata)?;
        let (state, nonce) = (self.question.state.clone(), self.question.nonce.clone());
        let verifier = PkceCodeVerifier::new(self.question.verifier.clone());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        let settings = &self.provider.settings;
        for scope in settings.scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        if prove {
            request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(std::time::Duration::ZERO);
            for acr in &settings.acr_values {
                request = request.add_auth_context_value(AuthenticationContextClass::new(acr.clone()));
            }
        }
        let (url, ..) = request.url();
        match &self.metadata.additional_metadata().pushed_authorization_request_endpoint {
            Some(endpoint) => self.push(endpoint, url).await,
            None => Ok(url),
        }
    }

    /// What is asked goes there directly (RFC 9126), so that nobody at the browser can take a part of it away.
    async fn push(&self, endpoint: &str, url: Url) -> Result<Url, Refusal> {
        #[derive(Deserialize)]
        struct Pushed {
            request_uri: String,
        }
        let settings = &self.provider.settings;
        let secret = settings.client_secret.expose_secret();
        let mut form = url.query().unwrap_or_default().to_owned();
        let mut request = Request::post(endpoint)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        match self.auth_type() {
            _ if secret.is_empty() => {}
            AuthType::RequestBody => {
                form = form_urlencoded::Serializer::new(form).append_pair("client_secret", secret).finish();
            }
            _ => request = request.header(AUTHORIZATION, basic(&settings.client_id, secret)),
        }
        let request = request.body(form.into_bytes()).map_err(|error| self.broken(&error.to_string()))?;
        let answer = self.provider.outgoing.send(request).await.map_err(|error| self.silent(&error))?;
        if !matches!(answer.status(), StatusCode::CREATED | StatusCode::OK) {
            return Err(self.broken(&format!("it answered a pushed request with {}", answer.status())));
        }
        let Pushed { request_uri } = serde_json::from_slice(answer.body())
            .map_err(|_| self.broken("its answer to a pushed request cannot be read"))?;
        // What its address had before anything was asked stays.
        let mut url = self.metadata.authorization_endpoint().url().clone();
        url.query_pairs_mut()
            .append_pair("client_id", &settings.client_id)
            .append_pair("request_uri", &request_uri);
        Ok(url)
    }

    /// What the code stands for.
    pub async fn end(&self, code: String) -> Result<Answered, Refusal> {
        let client = self.client(self.metadata)?;
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| self.broken(&error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(self.question.verifier.clone()))
            .request_async(&self.provider.outgoing)
            .await
            .map_err(|error| match error {
                RequestTokenError::Request(error) => self.silent(&error),
                RequestTokenError::ServerResponse(error) => {
                    self.broken(&format!("it gave no token for the code: {}", error.error()))
                }
                // The rest of it may hold a token.
                RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                    self.broken("its answer to the code cannot be read")
                }
            })?;
        let token = tokens.id_token().ok_or_else(|| self.broken("it gave no ID token"))?;
        let subject = self.verified(&client, token).await?;
        let claims =
            Claims::of_token(&token.to_string()).ok_or_else(|| self.broken("its ID token cannot be read"))?;
        let settings = &self.provider.settings;
        if claims.has("azp") && claims.text("azp") != Some(&settings.client_id) {
            return Err(self.broken("its ID token was made for another party"));
        }
        // How and when somebody authenticated stands in the signed token or nowhere.
        let proof = claims.proof(&settings.acr_values);
        let session = claims.text("sid").map(str::to_owned);
        let claims = self.completed(claims, &client, tokens.access_token(), &subject).await?;
        let identity = Identity { issuer: settings.issuer.clone(), subject: subject.to_string() };
        Ok(Answered { identity, profile: claims.profile(settings), proof, session })
    }

    async fn verified(&self, client: &Client, token: &CoreIdToken) -> Result<SubjectIdentifier, Refusal> {
        let subject = match self.subject(client, token) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                let newer = self.provider.with_newer_keys(self.metadata).await;
                let newer = newer.ok_or_else(|| self.broken("its ID token is signed with an unknown key"))?;
                self.subject(&self.client(&newer)?, token)
            }
            verified => verified,
        };
        let subject = subject.map_err(|error| self.broken(&format!("its ID token is not right: {error}")))?;
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT {
            return Err(self.broken("the subject of its ID token is empty or too long"));
        }
        Ok(subject)
    }

    fn subject(
        &self,
        client: &Client,
        token: &CoreIdToken,
    ) -> Result<SubjectIdentifier, ClaimsVerificationError> {
        let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
        Ok(token.claims(&verifier, &Nonce::new(self.question.nonce.clone()))?.subject().clone())
    }

    /// Many providers keep names and groups out of the token.
    async fn completed(
        &self,
        claims: Claims,
        client: &Client,
        access: &AccessToken,
        subject: &SubjectIdentifier,
    ) -> Result<Claims, Refusal> {
        let settings = &self.provider.settings;
        let groups = settings.admin_group.is_empty() || claims.has(&settings.groups_claim);
        if (groups && claims.has("email") && claims.has("name")) || client.user_info_url().is_none() {
            return Ok(claims);
        }
        let request = client
            .user_info(access.clone(), Some(subject.clone()))
            .map_err(|error| self.broken(&error.to_string()))?;
        let told: Result<UserInfoClaims<Everything, CoreGenderClaim>, _> =
            request.request_async(&self.provider.outgoing).await;
        let told = told.map_err(|error| match error {
            openidconnect::UserInfoError::Request(error) => self.silent(&error),
            openidconnect::UserInfoError::Parse(_) => {
                self.broken("what it says of the person cannot be read")
            }
            other => self.broken(&format!("it says nothing of the person: {other}")),
        })?;
        let told = serde_json::to_value(&told)
            .map_err(|_| self.broken("what it says of the person cannot be read"))?;
        Ok(match told {
            serde_json::Value::Object(told) => claims.or(Claims::from(told)),
            _ => claims,
        })
    }

    fn client(&self, metadata: &Metadata) -> Result<Client, Refusal> {
        let settings = &self.provider.settings;
        let secret = settings.client_secret.expose_secret();
        let secret = (!secret.is_empty()).then(|| ClientSecret::new(secret.to_owned()));
        let redirect =
            RedirectUrl::new(self.redirect.clone()).map_err(|error| self.broken(&error.to_string()))?;
        let id = ClientId::new(settings.client_id.clone());
        Ok(CoreClient::from_provider_metadata(metadata.clone(), id, secret)
            .set_redirect_uri(redirect)
            .set_auth_type(self.auth_type()))
    }

    /// How it wants the secret told.
    fn auth_type(&self) -> AuthType {
        let supported = self.metadata.token_endpoint_auth_methods_supported();
        let takes = |method| supported.is_none_or(|all| all.contains(&method));
        if takes(CoreClientAuthMethod::ClientSecretBasic) || !takes(CoreClientAuthMethod::ClientSecretPost) {
            AuthType::BasicAuth
        } else {
            AuthType::RequestBody
        }
    }

    fn silent(&self, error: &crate::outgoing::OutgoingError) -> Refusal {
        tracing::warn!(provider = self.provider.settings.id, %error, "an identity provider does not answer");
        Refusal::ProviderUnreachable
    }

    /// Whoever set it up finds in the log what is wrong; the person at the browser may be the one who made it so.
    fn broken(&self, why: &str) -> Refusal {
        tracing::warn!(
            provider = self.provider.settings.id,
            why,
            "an identity provider's answer was not believed"
        );
        Refusal::ProviderNotBelieved
    }
}

fn basic(id: &str, secret: &str) -> String {
    use base64::Engine;
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(id), encoded(secret));
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

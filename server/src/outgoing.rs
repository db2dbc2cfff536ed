//! What the program asks of others over HTTP. Nobody who answers may take long, send much, or send us elsewhere.

use std::pin::Pin;
use std::time::Duration;

use http::Response;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Client, redirect};

/// For everything of one answer of an identity provider.
pub const AT_MOST: Duration = Duration::from_secs(10);
/// Servers close a connection that nobody used for a while, some of them after five seconds. A question sent into it would
/// be one of which nobody knows whether it arrived.
const IDLE: Duration = Duration::from_secs(4);
const LONGEST_ANSWER: usize = 1024 * 1024;

#[derive(Clone)]
pub struct Outgoing(Client);

#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// Without the address, which may hold more than may be told.
    #[error("{}", chain(.0))]
    Http(reqwest::Error),
    #[error("the answer is longer than {LONGEST_ANSWER} bytes")]
    TooLong,
}

impl OutgoingError {
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Http(error) if error.is_timeout())
    }

    /// Nothing of the question has left this machine.
    pub fn is_unsent(&self) -> bool {
        matches!(self, Self::Http(error) if error.is_connect() || error.is_builder())
    }
}

impl From<reqwest::Error> for OutgoingError {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error.without_url())
    }
}

impl Outgoing {
    /// `at_most`: for everything of one answer.
    pub fn new(at_most: Duration) -> Result<Self, String> {
        let client = Client::builder()
            .user_agent(concat!("latchkey/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .timeout(at_most)
            .pool_idle_timeout(IDLE)
            .build();
        client.map(Self).map_err(|error| format!("no connection can be made: {}", chain(&error)))
    }

    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, OutgoingError> {
        let mut answer = self.0.execute(request.try_into()?).await?;
        let mut response = Response::new(Vec::new());
        *response.status_mut() = answer.status();
        response.headers_mut().extend(answer.headers().clone());
        while let Some(part) = answer.chunk().await? {
            if response.body().len() + part.len() > LONGEST_ANSWER {
                return Err(OutgoingError::TooLong);
            }
            response.body_mut().extend_from_slice(&part);
        }
        Ok(response)
    }
}

/// What the library of OpenID Connect asks with.
impl<'c> AsyncHttpClient<'c> for Outgoing {
    type Error = OutgoingError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, OutgoingError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// An error of this library says what was done, and only its causes say what went wrong.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

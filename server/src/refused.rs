//! How a "no" leaves the host.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use domain::ports::Denied;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};

/// Carries the refusal as an extension too, from which [`crate::forms`] makes a page for browsers.
#[derive(Clone, Copy)]
pub struct Refused(pub Refusal);

impl From<Denied> for Refused {
    fn from(denied: Denied) -> Self {
        Self(app::error::AppError::from(denied).0)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let text = format!(
            "Nothing was changed: {}.\nOpen the portal and try again. If it stays so, ask your IT helpdesk.\n",
            self.0
        );
        let mut response = text.into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        mark(&mut response, self.0);
        response
    }
}

/// The status of a refusal, and for a proof that is too old the challenge of RFC 9470.
pub fn mark(response: &mut Response, refusal: Refusal) {
    *response.status_mut() =
        StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if refusal == Refusal::FreshSignInNeeded {
        let challenge = HeaderValue::from_static(
            "Session error=\"insufficient_user_authentication\", \
             error_description=\"a fresh sign-in is needed\", max_age=\"300\"",
        );
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    if let Refusal::TooOften { retry_seconds } = refusal {
        response.headers_mut().insert(RETRY_AFTER, retry_seconds.into());
    }
    response.extensions_mut().insert(refusal);
}

pub fn readable<T>(form: Result<Form<T>, FormRejection>) -> Result<T, Refused> {
    match form {
        Ok(Form(form)) => Ok(form),
        Err(FormRejection::InvalidFormContentType(_)) => Err(Refused(Refusal::WrongType)),
        Err(_) => Err(Refused(Refusal::Malformed)),
    }
}

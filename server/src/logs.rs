//! What an operator reads: one line a request, with an id that every line of that request carries and that the answer
//! carries too. Never a query, a body or a cookie.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use http::HeaderName;
use tower::ServiceBuilder;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::trace::TraceLayer;
use tracing::Span;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Once a process, before anything is logged.
pub fn begin(log: &Log) -> Result<(), String> {
    let filter = match std::env::var("RUST_LOG") {
        Ok(text) => EnvFilter::try_new(text).map_err(|error| format!("RUST_LOG is not right: {error}"))?,
        Err(_) => {
            // PostgreSQL says of each table that it has it already.
            EnvFilter::try_new(format!("sqlx::postgres::notice=warn,{}", log.level))
                .map_err(|error| format!("log.level is not right: {error}"))?
        }
    };
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // It says so where it could not write, and panics in whoever was to be answered.
        .log_internal_errors(false);
    match log.format {
        LogFormat::Text => {
            let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
            lines.with_ansi(colours && std::env::var_os("NO_COLOR").is_none()).init();
        }
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).init(),
    }
    Ok(())
}

/// Around everything that answers a request.
pub fn around(router: Router) -> Router {
    let trace = TraceLayer::new_for_http()
        .make_span_with(|request: &Request| {
            let id = request.extensions().get::<RequestId>();
            let id = id.and_then(|id| id.header_value().to_str().ok()).unwrap_or_default();
            tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
        })
        .on_request(|_: &Request, _: &Span| tracing::trace!("begun"))
        .on_response(|response: &Response, took: Duration, _: &Span| {
            tracing::info!(
                status = response.status().as_u16(),
                millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                "answered"
            );
        })
        // An error says itself what happened, where it is handled.
        .on_failure(());
    let layers = ServiceBuilder::new()
        .map_request(|mut request: Request| {
            // A visitor does not choose what stands in the log.
            request.headers_mut().remove(REQUEST_ID);
            request
        })
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .layer(trace)
        .layer(PropagateRequestIdLayer::new(REQUEST_ID));
    router.layer(layers)
}

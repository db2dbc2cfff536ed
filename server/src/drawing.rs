//! How a page is drawn: to its end, and not disposed of before everything that was started for it has run.

use std::future::poll_fn;

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use tokio::sync::mpsc;

use crate::refused::Refused;

tokio::task_local! {
    /// Held by the drawing of a page, and by each task started for it until that task has had its first turn.
    static BEGINNING: mpsc::Sender<()>;
}

/// Tokio, as leptos would have it, except that a drawing can wait for what it has started.
struct Attended;

impl CustomExecutor for Attended {
    fn spawn(&self, mut task: PinnedFuture<()>) {
        let mut beginning = BEGINNING.try_with(mpsc::Sender::clone).ok();
        tokio::spawn(poll_fn(move |context| {
            let polled = task.as_mut().poll(context);
            drop(beginning.take());
            polled
        }));
    }

    fn spawn_local(&self, task: PinnedLocalFuture<()>) {
        tokio::task::spawn_local(task);
    }

    fn poll_local(&self) {}
}

/// Before leptos is asked for its first page: it would set an executor of its own.
pub fn prepare() {
    // One for the whole process: a second public site finds it set.
    let _ = Executor::init_custom_executor(Attended);
}

/// A page is drawn to its end even when its visitor has left: leptos panics in a drawing that is dropped half-way.
pub async fn to_the_end(request: Request, next: Next) -> Response {
    let drawn = tokio::spawn(async move {
        let (beginning, mut begun) = mpsc::channel(1);
        let (parts, body) = BEGINNING.scope(beginning, next.run(request)).await.into_parts();
        // The end of the body disposes of what the page was drawn with. A task started by the drawing (leptos_i18n has
        // one, which reads the language) panics when that comes before its first turn. `None`: all have had theirs.
        let _none = begun.recv().await;
        let body = to_bytes(body, usize::MAX).await?;
        Ok::<_, axum::Error>(Response::from_parts(parts, Body::from(body)))
    });
    let drawn = drawn.await.map_err(axum::Error::new).flatten();
    drawn.unwrap_or_else(|error| {
        tracing::error!(%error, "a page could not be drawn");
        Refused(Refusal::Unavailable).into_response()
    })
}

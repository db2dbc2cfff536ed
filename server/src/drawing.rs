//! How a page is drawn: to its end, and nothing that was started for it runs afterwards.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Refusal;

use crate::refused::Refused;

tokio::task_local! {
    /// The drawing a task belongs to.
    static DRAWING: Arc<Drawing>;
}

/// Whether the page is drawn. The lock is held by each turn of what belongs to the drawing, and by the one that ends it.
#[derive(Default)]
struct Drawing(Mutex<bool>);

impl Drawing {
    fn turn(&self) -> MutexGuard<'_, bool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tokio, as leptos would have it, except that what was started for a page is dropped once the page is drawn.
struct Attended;

impl CustomExecutor for Attended {
    fn spawn(&self, mut task: PinnedFuture<()>) {
        let Ok(drawing) = DRAWING.try_with(Arc::clone) else {
            tokio::spawn(task);
            return;
        };
        tokio::spawn(DRAWING.scope(
            Arc::clone(&drawing),
            poll_fn(move |context| {
                let drawn = drawing.turn();
                if *drawn { Poll::Ready(()) } else { task.as_mut().poll(context) }
            }),
        ));
    }

    fn spawn_local(&self, task: PinnedLocalFuture<()>) {
        tokio::task::spawn_local(task);
    }

    fn poll_local(&self) {}
}

/// Draws for its outline alone: nothing that it starts ever runs.
pub fn outline<T>(draw: impl FnOnce() -> T) -> T {
    DRAWING.sync_scope(Arc::new(Drawing(Mutex::new(true))), draw)
}

/// Before leptos is asked for its first page: it would set an executor of its own.
pub fn prepare() {
    // One for the whole process: a second public site finds it set.
    let _ = Executor::init_custom_executor(Attended);
}

/// A page is drawn to its end even when its visitor has left: leptos panics in a drawing that is dropped half-way.
pub async fn to_the_end(request: Request, next: Next) -> Response {
    let drawn = tokio::spawn(DRAWING.scope(Arc::default(), async move {
        let (parts, body) = next.run(request).await.into_parts();
        Ok::<_, axum::Error>(Response::from_parts(parts, Body::from(collect(body).await?)))
    }));
    let drawn = drawn.await.map_err(axum::Error::new).flatten();
    drawn.unwrap_or_else(|error| {
        tracing::error!(%error, "a page could not be drawn");
        Refused(Refusal::Unavailable).into_response()
    })
}

/// The end of the body disposes of what the page was drawn with. A task of the drawing (leptos_i18n has one, which reads
/// the language) panics when it runs after that, so the same turn that reaches the end also ends the drawing.
async fn collect(body: Body) -> Result<axum::body::Bytes, axum::Error> {
    let drawing = DRAWING.with(Arc::clone);
    let mut whole = pin!(to_bytes(body, usize::MAX));
    poll_fn(|context| {
        let mut drawn = drawing.turn();
        let polled = whole.as_mut().poll(context);
        *drawn = polled.is_ready();
        polled
    })
    .await
}

#[cfg(test)]
mod tests {
    use axum::{Router, middleware, routing};
    use tokio::sync::{Notify, mpsc};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn what_an_outline_starts_never_runs() {
        prepare();
        let (ran, mut told) = mpsc::channel(1);
        outline(|| Executor::spawn(async move { ran.try_send(()).unwrap() }));
        assert_eq!(told.recv().await, None);
    }

    #[tokio::test]
    async fn what_a_page_starts_ends_with_it() {
        prepare();
        let (ran, mut told) = mpsc::channel(2);
        let left = Arc::new(Notify::new());
        let on = Arc::clone(&left);
        let page = async move || {
            Executor::spawn(async move {
                ran.try_send("before").unwrap();
                on.notified().await;
                ran.try_send("after").unwrap();
            });
            tokio::task::yield_now().await;
            "drawn"
        };
        let site: Router =
            Router::new().route("/", routing::get(page)).layer(middleware::from_fn(to_the_end));
        let answer = site.oneshot(Request::<Body>::default()).await.unwrap();
        assert_eq!(to_bytes(answer.into_body(), 10).await.unwrap(), "drawn");
        left.notify_one();
        assert_eq!(told.recv().await, Some("before"));
        assert_eq!(told.recv().await, None);
    }
}

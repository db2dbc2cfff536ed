//! The files that pages are made of. A release carries them in itself; a debug build reads them where they are made.

use std::borrow::Cow;
use std::future::{Ready, ready};
use std::io::{self, Cursor, ErrorKind, SeekFrom};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use axum::Router;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tower_http::services::ServeDir;
use tower_http::services::fs::{Backend, File, Metadata};
use tower_http::set_header::SetResponseHeaderLayer;

/// Style, script and WebAssembly, as cargo-leptos builds them.
#[derive(RustEmbed)]
#[folder = "../target/site/pkg"]
#[allow_missing = true]
struct Built;

/// What browsers ask for at the top: icons, robots.txt.
#[derive(RustEmbed)]
#[folder = "../public"]
struct Public;

/// The address below which the built files are. It changes with them, so that browsers may keep them for good. While they
/// are being developed it stays, and browsers keep nothing.
pub fn built_folder() -> String {
    if cfg!(debug_assertions) {
        return "pkg/debug".to_owned();
    }
    // A compressed file says when it was made, and would be another one each time.
    let mut names: Vec<_> = Built::iter().filter(|name| !name.ends_with(".gz")).collect();
    names.sort();
    let mut hash = Sha256::new();
    for name in names {
        hash.update(name.as_bytes());
        hash.update(Built::get(&name).map_or([0; 32], |file| file.metadata.sha256_hash()));
    }
    format!("pkg/{}", URL_SAFE_NO_PAD.encode(&hash.finalize()[..12]))
}

/// Whether there are any. Pages work without, and are bare.
pub fn are_built() -> bool {
    Built::get("latchkey.js").is_some()
}

/// The built files at `folder`, and nothing beside it: an address of another release is no file of this one.
pub fn built(folder: &str) -> Router {
    let kept = if cfg!(debug_assertions) { "no-store" } else { "public, max-age=31536000, immutable" };
    let files = tower::ServiceBuilder::new()
        .layer(SetResponseHeaderLayer::overriding(CACHE_CONTROL, move |answer: &http::Response<_>| {
            let is_file = answer.status().is_success() || answer.status() == StatusCode::NOT_MODIFIED;
            Some(HeaderValue::from_static(if is_file { kept } else { "no-store" }))
        }))
        .service(ServeDir::with_backend("", Carried::<Built>::NEW).precompressed_br().precompressed_gzip());
    let (outer, inner) = folder.split_once('/').unwrap_or_default();
    let only =
        Router::new().nest_service(&format!("/{inner}"), files).fallback(async || StatusCode::NOT_FOUND);
    Router::new().nest(&format!("/{outer}"), only)
}

/// The public files. What is none of them is asked of `otherwise`.
pub fn public<F>(otherwise: F) -> ServeDir<F, impl Backend> {
    ServeDir::with_backend("", Carried::<Public>::NEW)
        .append_index_html_on_directories(false)
        .call_fallback_on_method_not_allowed(true)
        .fallback(otherwise)
}

/// A folder that the program carries, for [`ServeDir`].
struct Carried<Folder>(PhantomData<fn() -> Folder>);

impl<Folder: RustEmbed> Carried<Folder> {
    const NEW: Self = Self(PhantomData);

    fn find(path: &Path) -> io::Result<CarriedFile> {
        let path = path.strip_prefix(".").unwrap_or(path);
        let file = path.to_str().and_then(Folder::get).ok_or(ErrorKind::NotFound)?;
        let facts = Facts { length: file.data.len() as u64, modified: file.metadata.last_modified() };
        Ok(CarriedFile { content: Cursor::new(file.data), facts })
    }
}

impl<Folder> Clone for Carried<Folder> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<Folder: RustEmbed + 'static> Backend for Carried<Folder> {
    type File = CarriedFile;
    type Metadata = Facts;
    type OpenFuture = Ready<io::Result<CarriedFile>>;
    type MetadataFuture = Ready<io::Result<Facts>>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        ready(Self::find(&path))
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        ready(Self::find(&path).map(|file| file.facts))
    }
}

struct CarriedFile {
    content: Cursor<Cow<'static, [u8]>>,
    facts: Facts,
}

#[derive(Clone, Copy)]
struct Facts {
    length: u64,
    /// In seconds since 1970, when it was made.
    modified: Option<u64>,
}

impl File for CarriedFile {
    type Metadata = Facts;
    type MetadataFuture<'a> = Ready<io::Result<Facts>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        ready(Ok(self.facts))
    }
}

impl Metadata for Facts {
    fn is_dir(&self) -> bool {
        false
    }

    fn modified(&self) -> io::Result<SystemTime> {
        let seconds = self.modified.ok_or(ErrorKind::Unsupported)?;
        Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }

    fn len(&self) -> u64 {
        self.length
    }
}

impl AsyncRead for CarriedFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        read: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.content).poll_read(cx, read)
    }
}

impl AsyncSeek for CarriedFile {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.content).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.content).poll_complete(cx)
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use http::header::{ETAG, IF_NONE_MATCH};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn ask(request: http::request::Builder) -> http::Response<Body> {
        let otherwise = Router::new().fallback(async || (StatusCode::NOT_FOUND, "a page"));
        let request = request.body(Body::empty()).unwrap();
        public(otherwise).oneshot(request).await.unwrap().map(Body::new)
    }

    #[tokio::test]
    async fn a_public_file_is_sent_once() {
        let sent = ask(Request::get("/robots.txt")).await;
        assert_eq!(sent.status(), StatusCode::OK);
        assert_eq!(sent.headers()["content-type"], "text/plain");
        let tag = sent.headers()[ETAG].clone();
        let bytes = sent.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(bytes, std::fs::read("../public/robots.txt").unwrap());
        let again = ask(Request::get("/robots.txt").header(IF_NONE_MATCH, tag)).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }

    #[tokio::test]
    async fn a_part_of_a_file() {
        let sent = ask(Request::get("/robots.txt").header("range", "bytes=2-5")).await;
        assert_eq!(sent.status(), StatusCode::PARTIAL_CONTENT);
        let bytes = sent.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(bytes, std::fs::read("../public/robots.txt").unwrap()[2..=5]);
    }

    #[tokio::test]
    async fn what_is_no_file_of_it_is_a_page() {
        for path in [
            "/",
            "/robots.txt/",
            "/robots.txt%00",
            "/../Cargo.toml",
            "/%2e%2e/Cargo.toml",
            "/..%2fCargo.toml",
        ] {
            let answer = ask(Request::get(path)).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn nothing_built_is_at_an_address_of_another_release() {
        for path in
            ["/pkg", "/pkg/", "/pkg/latchkey.js", "/pkg/another/latchkey.js", "/pkg/%2e%2e/latchkey.js"]
        {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let answer = built("pkg/this").oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}

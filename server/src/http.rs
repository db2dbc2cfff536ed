//! The public site and the management port: which address leads where, and what every answer carries.

use std::sync::Arc;

use app::served::FormTargets;
use app::site::Site;
use app::{App, shell};
use axum::extract::State;
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Router, routing};
use axum_prometheus::metrics_exporter_prometheus::PrometheusHandle;
use domain::phone::Hands;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use leptos::config::{Env, LeptosOptions};
use leptos::prelude::provide_context;
use leptos_axum::{LeptosRoutes, generate_route_list};

use crate::branding::Logo;
use crate::ending::Stage;
use crate::host::Host;
use crate::{drawing, files, forms, headers, logs, metrics, origins, peer, signin, stream, webhooks};

/// What the pages say and who holds the phones. Without a virtual fleet there are no hands.
#[derive(Clone)]
pub struct Pages {
    pub site: Site,
    pub logo: Option<Logo>,
    pub hands: Option<Arc<dyn Hands>>,
}

/// The public site, and what counts its requests.
pub fn public(host: Host, pages: Pages) -> (Router, PrometheusHandle) {
    drawing::prepare();
    let built = files::built_folder();
    let assets = files::built(&built);
    let options = leptos_options(built);
    let site = Router::new()
        .merge(site(&host, pages, options))
        .merge(webhooks::routes(host.clone()))
        .merge(assets)
        .layer(middleware::from_fn_with_state(host.clone(), origins::own_host))
        .layer(middleware::from_fn_with_state(host.clone(), peer::identify))
        .layer(middleware::from_fn_with_state(host, headers::add));
    let (site, figures) = metrics::around(site);
    (logs::around(site), figures)
}

fn site(host: &Host, pages: Pages, options: LeptosOptions) -> Router {
    let portal = Arc::clone(&host.portal);
    let logo = pages.logo.clone().map_or_else(Router::new, Logo::routes);
    let providers = host.providers.clone();
    let context = move || {
        provide_context(FormTargets(providers.origins()));
        provide_context(Arc::clone(&portal));
        provide_context(pages.site.clone());
        if let Some(hands) = &pages.hands {
            provide_context(Arc::clone(hands));
        }
    };
    let document = {
        let options = options.clone();
        move || shell(options.clone())
    };
    let not_found = leptos_axum::render_app_async_with_context(context.clone(), document.clone());
    let not_found = Router::new()
        .fallback(not_found)
        .with_state(options.clone())
        .layer(middleware::from_fn(drawing::to_the_end));
    let files = files::public(not_found);
    // leptos draws the program once to find the addresses of its pages.
    let routes = drawing::outline(|| generate_route_list(App));
    let rendered = Router::new()
        .leptos_routes_with_context(&options, routes, context, document)
        .with_state(options)
        .layer(middleware::from_fn(drawing::to_the_end));
    let addresses = Router::new()
        .merge(signin::routes::routes())
        .merge(signin::oidc::routes::routes())
        .merge(signin::passkeys::routes())
        .merge(forms::routes())
        .route("/", routing::get(|| async { Redirect::to("/devices") }))
        .route("/live", routing::get(stream::live))
        .with_state(host.clone())
        .merge(logo)
        .merge(rendered)
        .fallback_service(files);
    // Around the whole, not around each address: a refused form is answered with the page of another one.
    Router::new()
        .fallback_service(addresses)
        .layer(middleware::from_fn_with_state(host.clone(), forms::forms))
        .layer(middleware::from_fn_with_state(host.clone(), signin::session::recognise))
        .layer(middleware::from_fn_with_state(host.clone(), origins::same_origin))
}

/// For the operator's eyes: never on the public port.
pub fn management(host: Host, figures: PrometheusHandle) -> Router {
    let text = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Router::new()
        .route("/metrics", routing::get(async move || (text, figures.render())))
        .route("/health/live", routing::get(|| async { "ok\n" }))
        .route("/health/ready", routing::get(ready))
        .with_state(host)
}

async fn ready(State(host): State<Host>) -> Response {
    if *host.stopping.borrow() != Stage::Serving {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match host.portal.store.ready().await {
        Ok(()) => "ok\n".into_response(),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

fn leptos_options(built: String) -> LeptosOptions {
    if !files::are_built() {
        tracing::warn!("built without style and script: pages come bare");
    }
    let env = if cfg!(debug_assertions) { Env::DEV } else { Env::PROD };
    LeptosOptions::builder().output_name("latchkey").site_pkg_dir(built).env(env).build()
}

//! Figures for whoever watches over the program: `/metrics` on the management port.

use axum::Router;
use axum_prometheus::metrics_exporter_prometheus::PrometheusHandle;
use axum_prometheus::{EndpointLabel, PrometheusMetricLayerBuilder};
use domain::Timestamp;
use domain::command::CommandState;

use crate::store::names::Named;

/// Around everything that answers a request, and what `/metrics` reads. Once a process.
pub fn around(router: Router) -> (Router, PrometheusHandle) {
    let (layer, figures) = PrometheusMetricLayerBuilder::new()
        .with_prefix("latchkey")
        .with_endpoint_label_type(EndpointLabel::MatchedPathWithFallbackFn(address))
        .with_default_metrics()
        .build_pair();
    metrics::describe_gauge!("latchkey_live_streams", "Open live streams of signed-in pages");
    metrics::describe_counter!("latchkey_sign_ins_total", "Sign-ins by what came of them");
    metrics::describe_counter!("latchkey_resets_total", "Resets that have ended, by how");
    metrics::describe_gauge!(
        "latchkey_clock_seconds",
        "The time of the PostgreSQL that this replica goes by, when it was last asked"
    );
    metrics::gauge!("latchkey_live_streams").set(0);
    for outcome in ["done", "failed", "throttled"] {
        metrics::counter!("latchkey_sign_ins_total", "outcome" => outcome).absolute(0);
    }
    for state in CommandState::ALL.into_iter().filter(|state| state.is_final()) {
        metrics::counter!("latchkey_resets_total", "outcome" => state.name()).absolute(0);
    }
    (router.layer(layer), figures)
}

pub fn signed_in(outcome: &'static str) {
    metrics::counter!("latchkey_sign_ins_total", "outcome" => outcome).increment(1);
}

#[expect(clippy::cast_precision_loss, reason = "exact for 285,000 years")]
pub fn clock_read(time: Timestamp) {
    metrics::gauge!("latchkey_clock_seconds").set(time.0 as f64 / 1000.0);
}

pub fn reset_ended(state: CommandState) {
    if state.is_final() {
        metrics::counter!("latchkey_resets_total", "outcome" => state.name()).increment(1);
    }
}

/// Which kind of address it is: the addresses themselves name devices, and strangers make up as many as they like.
fn address(path: &str) -> String {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let kind = match parts[..] {
        [
            page @ ("" | "sign-in" | "sign-out" | "devices" | "notifications" | "contact" | "account"
            | "phones" | "live" | "language"),
        ] => return format!("/{page}"),
        ["devices", _] => "/devices/{id}",
        ["devices", _, "reset"] => "/devices/{id}/reset",
        ["devices", _, "passcode"] => "/devices/{id}/passcode",
        ["oidc", _, "sign-in"] => "/oidc/{provider}/sign-in",
        ["oidc", _, "callback"] => "/oidc/{provider}/callback",
        ["oidc", _, "backchannel-logout"] => "/oidc/{provider}/backchannel-logout",
        ["sign-in", "passkey", ..] => "/sign-in/passkey",
        ["account", "passkeys", ..] => "/account/passkeys",
        ["account", "recovery-codes"] => "/account/recovery-codes",
        ["webhooks", _] => "/webhooks/{fleet}",
        ["phones", _] => "/phones/{id}",
        ["api", ..] => "/api/{function}",
        ["pkg", ..] => "/pkg/{file}",
        _ => "other",
    };
    kind.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_device_is_a_label() {
        assert_eq!(address("/devices"), "/devices");
        assert_eq!(address("/devices/virtual.1/reset"), "/devices/{id}/reset");
        assert_eq!(address("/wp-admin.php"), "other");
        assert_eq!(address("/"), "/");
    }
}

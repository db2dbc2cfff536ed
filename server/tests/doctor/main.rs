//! What `latchkey doctor` says of identity providers and MDMs, each with its remedy.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod mdms;
#[path = "../support/mod.rs"]
mod support;

use serde_json::json;
use support::{Program, Provider, Settings};

/// What it says of the provider, a line a thing.
struct Said(String);

impl Said {
    /// The line about it, which begins with how it is.
    fn of(&self, what: &str) -> &str {
        let line = self.0.lines().find(|line| line.contains(&format!("identity provider work, {what}: ")));
        line.unwrap_or_else(|| panic!("nothing of {what} in {}", self.0))
    }

    fn assert_ok(&self, what: &str, words: &str) {
        let line = self.of(what);
        assert!(line.starts_with("ok ") && line.contains(words), "{line}");
    }

    fn assert_wrong(&self, what: &str, words: &[&str]) {
        let line = self.of(what);
        assert!(line.starts_with("WRONG ") && words.iter().all(|words| line.contains(words)), "{line}");
    }
}

fn doctor(program: &Program, settings: Settings) -> Said {
    let settings = [vec![("server.public_url", "http://localhost:3000")], settings].concat();
    let examined = program.operate(&["doctor"], &settings, "");
    let said = String::from_utf8(examined.stdout).unwrap();
    assert_eq!(examined.status.success(), !said.contains("WRONG"), "{said}");
    Said(said)
}

/// Of a provider with this issuer, in a program that knows none.
async fn of_issuer(provider: &Provider, issuer: String) -> Said {
    let program = Program::start().await;
    doctor(&program, [provider.settings("work"), vec![("oidc.work.issuer", issuer.leak())]].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_with_which_all_is_well() {
    let provider = Provider::start().await;
    provider.says_of_itself(json!({
        "claims_supported": ["sub", "auth_time"], "prompt_values_supported": ["none", "login"],
        "acr_values_supported": ["pwd", "mfa"], "backchannel_logout_supported": true,
        "end_session_endpoint": format!("{}/end", provider.url),
    }));
    let settings = [provider.settings("work"), vec![("oidc.work.acr_values", "phr mfa")]].concat();
    let program = Program::start_with(settings.clone()).await;
    let said = doctor(&program, settings.clone());
    said.assert_ok("discovery", &provider.url);
    said.assert_ok("keys", "1 to sign with");
    said.assert_ok("asking anew", "prompt=login");
    said.assert_ok("acr", "\"mfa\"");
    said.assert_ok("auth_time", "nobody has signed in with it yet");
    said.assert_ok("sign-out", "http://localhost:3000/oidc/work/backchannel-logout");
    said.assert_ok("redirect address", "http://localhost:3000/oidc/work/callback");

    let ana = program.browser();
    let asked = provider.asked(&ana.ask_provider("work").await);
    let claims = provider.honest(&asked, "1");
    // An ordinary sign-in is asked for no acr, and proves nothing by it.
    ana.get(&provider.answer(&asked, &claims)).await;
    doctor(&program, settings).assert_ok("auth_time", "it came with 1 of the last 1 sign-ins");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_issuer() {
    let provider = Provider::start().await;
    let said = of_issuer(&provider, format!("{}/realms/staff", provider.url)).await;
    said.assert_wrong("discovery", &["404", "`issuer` is not the right address", "In Keycloak it is"]);
    // The slash at its end is a part of a name.
    let said = of_issuer(&provider, format!("{}/", provider.url)).await;
    said.assert_wrong(
        "discovery",
        &["calls itself otherwise", "Set `issuer` to exactly what it calls itself"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_provider() {
    let provider = Provider::start().await;
    provider.is_down(true);
    let said = of_issuer(&provider, provider.url.clone()).await;
    said.assert_wrong("discovery", &["503"]);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let said = of_issuer(&provider, format!("http://{nobody}")).await;
    said.assert_wrong("discovery", &["it does not answer", "Look whether this machine reaches it"]);
    said.assert_ok("redirect address", "/oidc/work/callback");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_say_when() {
    let provider = Provider::start().await;
    provider.says_of_itself(json!({ "claims_supported": ["sub"] }));
    let program = Program::start_with(provider.settings("work")).await;
    let remedy = "Have the provider put auth_time into the ID token";
    let said = doctor(&program, provider.settings("work"));
    said.assert_wrong("auth_time", &["not among the claims it says it gives", remedy]);

    // What it says of itself counts for less than what it did.
    provider.says_of_itself(json!({ "claims_supported": ["sub", "auth_time"] }));
    let ana = program.browser();
    let asked = provider.asked(&ana.ask_provider("work").await);
    let mut claims = provider.honest(&asked, "1");
    claims.as_object_mut().unwrap().remove("auth_time");
    ana.get(&provider.answer(&asked, &claims)).await;
    let said = doctor(&program, provider.settings("work"));
    said.assert_wrong("auth_time", &["none of its last 1 sign-ins", remedy]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_cannot_do_what_is_asked_of_it() {
    let provider = Provider::start().await;
    provider.says_of_itself(json!({
        "prompt_values_supported": ["none"], "acr_values_supported": ["pwd"],
        "id_token_signing_alg_values_supported": ["HS256"],
    }));
    let program = Program::start().await;
    let settings = [provider.settings("work"), vec![("oidc.work.acr_values", "phr mfa")]].concat();
    let said = doctor(&program, settings);
    said.assert_wrong("asking anew", &["have it allow prompt=login"]);
    said.assert_wrong("acr", &["nobody could prove anything", "Set acr_values to what it knows"]);
    said.assert_wrong("keys", &["Let it sign ID tokens with RS256 or ES256"]);
}

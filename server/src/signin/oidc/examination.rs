//! What `latchkey doctor` finds out about an identity provider, and what to change there.

use domain::ports::Proofs;
use openidconnect::{JsonWebKey, JsonWebKeyUse};

use super::answer::is_believed;
use super::provider::{Metadata, Provider, Undiscovered};
use crate::doctor::Finding;

/// Whose console somebody has to open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Product {
    EntraId,
    Okta,
    Keycloak,
    Other,
}

impl Product {
    /// By the form of its issuer.
    fn of(issuer: &str) -> Self {
        let host = issuer.split('/').nth(2).unwrap_or_default();
        if host.starts_with("login.microsoftonline.") || host == "sts.windows.net" {
            Self::EntraId
        } else if [".okta.com", ".oktapreview.com", ".okta-emea.com"].iter().any(|end| host.ends_with(end)) {
            Self::Okta
        } else if issuer.contains("/realms/") {
            Self::Keycloak
        } else {
            Self::Other
        }
    }

    const fn issuer(self) -> &'static str {
        match self {
            Self::EntraId => {
                "In Entra ID it is https://login.microsoftonline.com/TENANT-ID/v2.0, with the id and not the name of the tenant"
            }
            Self::Okta => {
                "In Okta it is https://DOMAIN, or https://DOMAIN/oauth2/SERVER as Security > API lists it"
            }
            Self::Keycloak => "In Keycloak it is https://HOST/realms/REALM, with the REALM's capital letters",
            Self::Other => {
                "It stands as \"issuer\" in what the provider says of itself at …/.well-known/openid-configuration"
            }
        }
    }

    const fn auth_time(self) -> &'static str {
        match self {
            Self::EntraId => {
                "In Entra ID: App registrations > the app > Token configuration > Add optional claim > ID > auth_time"
            }
            Self::Okta => {
                "In Okta it comes by itself where max_age is asked for, which Latchkey does: look whether a proxy takes it away"
            }
            Self::Keycloak => {
                "In Keycloak: give the client the client scope \"basic\" as a default one; its mapper \"auth_time\" must add to the ID token"
            }
            Self::Other => {
                "Have the provider put auth_time into the ID token where max_age is asked for, as OpenID Connect Core has it"
            }
        }
    }
}

pub async fn examine(provider: &Provider, public_url: &str, proofs: Proofs) -> Vec<Finding> {
    let settings = &provider.settings;
    let product = Product::of(&settings.issuer);
    let own = |path: &str| format!("{}/oidc/{}/{path}", public_url.trim_end_matches('/'), settings.id);
    let mut findings = Vec::new();
    let mut say =
        |what: &str, found| findings.push((format!("identity provider {}, {what}", settings.id), found));
    match provider.discover().await {
        Err(why) => say("discovery", Err(format!("{why}. {}", remedy(&why, product)))),
        Ok(metadata) => {
            say("discovery", Ok(settings.issuer.clone()));
            say("keys", keys(&metadata));
            say("asking anew", prompts(&metadata));
            say("acr", acr(&metadata, &settings.acr_values));
            say("auth_time", auth_time(&metadata, proofs, product));
            say("sign-out", Ok(sign_out(&metadata, &own("backchannel-logout"))));
        }
    }
    say("redirect address", Ok(format!("it has to allow {}", own("callback"))));
    findings
}

fn remedy(why: &Undiscovered, product: Product) -> String {
    match why {
        Undiscovered::Silent(_) => format!(
            "Look whether this machine reaches it, and whether `issuer` is written right. {}",
            product.issuer()
        ),
        Undiscovered::Unreadable(_) => {
            format!("Most often `issuer` is not the right address. {}", product.issuer())
        }
        Undiscovered::AnotherIssuer(_) => {
            format!("Set `issuer` to exactly what it calls itself. {}", product.issuer())
        }
        Undiscovered::Unsafe(..) => "Its own settings have to name https addresses".to_owned(),
    }
}

fn keys(metadata: &Metadata) -> Result<String, String> {
    let count = metadata
        .jwks()
        .keys()
        .iter()
        .filter(|key| key.key_use().is_none_or(JsonWebKeyUse::allows_signature))
        .count();
    let believed =
        metadata.id_token_signing_alg_values_supported().iter().filter(|one| is_believed(one)).count();
    if count == 0 || believed == 0 {
        return Err(format!(
            "it shows {count} keys to sign with, and signs in {believed} ways that Latchkey believes. Let it sign ID tokens with RS256 or ES256"
        ));
    }
    Ok(format!("{count} to sign with"))
}

fn prompts(metadata: &Metadata) -> Result<String, String> {
    match &metadata.additional_metadata().prompt_values_supported {
        Some(known) if !known.iter().any(|prompt| prompt == "login") => Err(format!(
            "it says that it knows the prompts {known:?} alone. Without \"login\" it lets everybody back in who is still signed \
             in there, and nobody can prove anything: have it allow prompt=login"
        )),
        Some(_) => Ok("it knows prompt=login".to_owned()),
        None => Ok(
            "it does not say which prompts it knows; login is asked for all the same, and auth_time decides"
                .to_owned(),
        ),
    }
}

fn acr(metadata: &Metadata, wanted: &[String]) -> Result<String, String> {
    let known: Option<Vec<&str>> =
        metadata.acr_values_supported().map(|all| all.iter().map(|one| one.as_str()).collect());
    if wanted.is_empty() {
        let known = known.map_or_else(|| "it names none".to_owned(), |known| format!("it knows {known:?}"));
        return Ok(format!("none is asked for; {known}"));
    }
    let missing: Vec<_> = wanted
        .iter()
        .filter(|one| known.as_ref().is_some_and(|known| !known.contains(&one.as_str())))
        .collect();
    if missing.len() == wanted.len() {
        return Err(format!(
            "acr_values asks for {wanted:?}, but it knows {:?} alone: nobody could prove anything. Set acr_values to what it \
             knows, or have it give one of these",
            known.unwrap_or_default()
        ));
    }
    Ok(format!("{wanted:?} is asked for when somebody has to prove who they are"))
}

/// What it says of itself may be more than it does: what came with the last sign-ins counts for more.
fn auth_time(metadata: &Metadata, proofs: Proofs, product: Product) -> Result<String, String> {
    let Proofs { sign_ins, told } = proofs;
    let says_no =
        metadata.claims_supported().is_some_and(|all| !all.iter().any(|claim| claim.as_str() == "auth_time"));
    let why = match (sign_ins, told) {
        (0, _) if says_no => "auth_time is not among the claims it says it gives".to_owned(),
        (1.., 0) => format!("none of its last {sign_ins} sign-ins said when the person was asked"),
        (0, _) => {
            return Ok(
                "nobody has signed in with it yet; afterwards it shows here whether it came".to_owned()
            );
        }
        _ => return Ok(format!("it came with {told} of the last {sign_ins} sign-ins")),
    };
    Err(format!("{why}, so nobody can prove a fresh sign-in. {}", product.auth_time()))
}

fn sign_out(metadata: &Metadata, backchannel: &str) -> String {
    let more = metadata.additional_metadata();
    let there = if more.end_session_endpoint.is_some() {
        "people sign out there as well"
    } else {
        "it has no page for it"
    };
    let back = if more.backchannel_logout_supported {
        format!("it can tell {backchannel} who signed out there")
    } else {
        "it does not tell who signed out there".to_owned()
    };
    format!("{there}; {back}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_known_by_its_issuer() {
        let known = [
            ("https://login.microsoftonline.com/0000/v2.0", "Entra ID"),
            ("https://sts.windows.net/0000/", "Entra ID"),
            ("https://example.okta.com/oauth2/default", "Okta"),
            ("https://id.example.com/realms/staff", "Keycloak"),
            ("https://id.example.com", "ID token"),
        ];
        for (issuer, named) in known {
            let product = Product::of(issuer);
            assert!(product.auth_time().contains(named), "{issuer}: {}", product.auth_time());
        }
    }
}

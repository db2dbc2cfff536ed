//! What an identity provider says of a sign-in, read as strictly as the five minutes need it. The signature has been
//! verified by then.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use domain::account::Profile;
use domain::freshness::Authentication;
use serde_json::{Map, Value};

use crate::config::Oidc;

/// Seconds of the epoch beyond which somebody counted milliseconds: the year 5138.
const LATEST_SECONDS: i64 = 100_000_000_000;

/// As mail has it.
const LONGEST_EMAIL: usize = 254;
/// What is longer is cut: it stands at the top of each page.
const LONGEST_NAME: usize = 100;

#[derive(Clone, Debug, Default)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// Of a token in three parts, whoever signed it.
    pub fn of_token(token: &str) -> Option<Self> {
        let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        Self::of_json(&payload)
    }

    pub fn of_json(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok().map(Self)
    }

    /// What only the other one has is taken over.
    pub fn or(mut self, other: Self) -> Self {
        // Whichever of the two doubts the address is right.
        if let Some(doubt) = other.0.get("email_verified").filter(|told| !is_true(told)) {
            self.0.insert("email_verified".to_owned(), doubt.clone());
        }
        for (name, value) in other.0 {
            self.0.entry(name).or_insert(value);
        }
        self
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// When the person authenticated, and nothing else: neither when the token was made nor when the session began there.
    pub fn proof(&self, acr_values: &[String]) -> Authentication {
        let strong = acr_values.is_empty()
            || self.text("acr").is_some_and(|acr| acr_values.iter().any(|one| one == acr));
        Authentication::told(self.0.get("auth_time").and_then(seconds), strong)
    }

    pub fn profile(&self, provider: &Oidc) -> Profile {
        // Providers that say nothing of it have looked, or have given the address out themselves. What somebody typed, and
        // nobody knows whether it is theirs, is no address.
        let is_theirs = self.0.get("email_verified").is_none_or(is_true);
        let email = self
            .text("email")
            .filter(|email| is_theirs && email.contains('@') && email.len() <= LONGEST_EMAIL);
        let email = email.unwrap_or_default();
        let name = ["name", "preferred_username"].iter().find_map(|claim| self.text(claim)).unwrap_or(email);
        Profile {
            name: if name.is_empty() { self.text("sub").unwrap_or_default() } else { name }
                .chars()
                .take(LONGEST_NAME)
                .collect(),
            email: email.to_owned(),
            // Entra makes up another `sub` for each program; `oid` is the one that its other products say.
            subject: ["oid", "sub"].iter().find_map(|claim| self.text(claim)).unwrap_or_default().to_owned(),
            it_admin: !provider.admin_group.is_empty()
                && self.is_in(&provider.groups_claim, &provider.admin_group),
        }
    }

    fn is_in(&self, claim: &str, group: &str) -> bool {
        match self.0.get(claim) {
            Some(Value::Array(groups)) => groups.iter().any(|one| one.as_str() == Some(group)),
            Some(Value::String(one)) => one == group,
            _ => false,
        }
    }
}

impl From<Map<String, Value>> for Claims {
    fn from(claims: Map<String, Value>) -> Self {
        Self(claims)
    }
}

/// Some providers write it as a text.
fn is_true(told: &Value) -> bool {
    matches!(told, Value::Bool(true)) || told.as_str() == Some("true")
}

/// Whole seconds as a number, as the specification has them. Whatever else stands there is nothing: it is not guessed
/// what somebody meant who wrote a text, a fraction or milliseconds.
fn seconds(value: &Value) -> Option<Timestamp> {
    let Value::Number(number) = value else { return None };
    let seconds = number.as_i64().filter(|seconds| (0..=LATEST_SECONDS).contains(seconds))?;
    Some(Timestamp(seconds * 1000))
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;

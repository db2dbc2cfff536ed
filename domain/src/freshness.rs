//! The five minutes. What opens, proves and ends a window and a grant is decided here and nowhere else.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Timestamp;
use crate::command::CommandId;
use crate::device::DeviceId;
use crate::person::{Actor, PersonId, SessionId};

/// How long one has to sign back in. A setting may shorten it, nothing lengthens it.
pub const WINDOW_SECONDS: i64 = 300;
/// How long a grant holds, counted from the sign-in that earned it.
pub const GRANT_SECONDS: i64 = 300;
/// How old the sign-in may be that shows a temporary passcode.
pub const REVEAL_SECONDS: i64 = 300;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WindowId(pub Uuid);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GrantId(pub Uuid);

/// What the fresh sign-in is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    Reset,
    Reveal,
}

/// Opened when the server takes the POST of "Sign out"; belongs to one person, one device and one browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInWindow {
    pub id: WindowId,
    pub person: PersonId,
    pub device: DeviceId,
    pub purpose: Purpose,
    pub opened_at: Timestamp,
    /// Length in seconds, at most [`WINDOW_SECONDS`].
    pub seconds: i64,
}

/// How far an identity provider's clock may differ from ours.
pub const PROVIDER_SKEW_MILLIS: i64 = 10_000;

/// When somebody proved who they are, as told by whoever checked it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// `None`: they did not say, or not in a way that can be relied on.
    pub at: Option<Timestamp>,
    /// How far that clock may differ from ours: nothing for local accounts.
    pub skew_millis: i64,
    /// Whether they checked as much as the organisation asks for.
    pub strong: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Granted,
    Late,
    AnotherPerson,
    /// The proof is older than the window, from the future, or nobody said how old it is.
    NotFresh,
    /// Less was checked than the organisation asks for.
    TooWeak,
}

/// The proof of a fresh sign-in: one person, one device, one session, one use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub id: GrantId,
    pub person: PersonId,
    pub device: DeviceId,
    pub session: SessionId,
    pub granted_at: Timestamp,
    /// The command it was spent on. A second use answers with that command.
    pub spent_on: Option<CommandId>,
}

impl Authentication {
    #[must_use]
    pub const fn local(at: Timestamp) -> Self {
        Self { at: Some(at), skew_millis: 0, strong: true }
    }

    /// Told by an identity provider.
    #[must_use]
    pub const fn told(at: Option<Timestamp>, strong: bool) -> Self {
        Self { at, skew_millis: PROVIDER_SKEW_MILLIS, strong }
    }

    /// Since when it may count as a proof; `None` when it proves nothing. A clock that is ahead of ours gains nothing.
    #[must_use]
    pub fn proven_at(&self, now: Timestamp) -> Option<Timestamp> {
        let at = self.at.filter(|at| self.strong && *at <= now.plus_millis(self.skew_millis))?;
        Some(at.min(now))
    }
}

impl SignInWindow {
    /// Judges the first successful sign-in in the window's browser. Another person is told nothing else.
    #[must_use]
    pub fn judge(&self, person: PersonId, proof: Authentication, now: Timestamp) -> Verdict {
        if person != self.person {
            return Verdict::AnotherPerson;
        }
        if !self.is_open(now) {
            return Verdict::Late;
        }
        let earliest = self.opened_at.plus_millis(-proof.skew_millis);
        let latest = now.plus_millis(proof.skew_millis);
        match proof.at {
            Some(at) if earliest <= at && at <= latest => {
                if proof.strong {
                    Verdict::Granted
                } else {
                    Verdict::TooWeak
                }
            }
            _ => Verdict::NotFresh,
        }
    }

    /// Counted in whole seconds, as the countdown shows them: 300 s is in time, 301 s is late.
    /// A clock that reads earlier than the opening closes the window, so that turning it back gains nothing.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        (0..=self.length()).contains(&now.seconds_since(self.opened_at))
    }

    /// Milliseconds until the countdown reads 0:00; zero when the window has closed.
    #[must_use]
    pub fn remaining_millis(&self, now: Timestamp) -> i64 {
        if self.is_open(now) { (self.length() * 1000 - now.millis_since(self.opened_at)).max(0) } else { 0 }
    }

    fn length(&self) -> i64 {
        self.seconds.min(WINDOW_SECONDS)
    }
}

impl Grant {
    /// Whether this grant was earned by that actor for that device. Another session of the same person is another session.
    #[must_use]
    pub fn belongs_to(&self, actor: &Actor, device: &DeviceId) -> bool {
        self.person == actor.person.id && self.session == actor.session && self.device == *device
    }

    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        (0..=GRANT_SECONDS).contains(&now.seconds_since(self.granted_at))
    }

    #[must_use]
    pub fn remaining_millis(&self, now: Timestamp) -> i64 {
        if self.is_valid(now) { (GRANT_SECONDS * 1000 - now.millis_since(self.granted_at)).max(0) } else { 0 }
    }
}

impl Authentication {
    /// Enough to show a temporary passcode that was there before.
    #[must_use]
    pub fn reveals(&self, now: Timestamp) -> bool {
        self.proven_at(now).is_some_and(|at| is_recent(at, now))
    }
}

fn is_recent(proven_at: Timestamp, now: Timestamp) -> bool {
    (0..=REVEAL_SECONDS).contains(&now.seconds_since(proven_at))
}

/// Where and when a temporary passcode was asked for and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevealFacts {
    /// The session of the reset.
    pub submitted_in: SessionId,
    pub submitted_at: Timestamp,
    pub revealed_in: Option<SessionId>,
}

/// Whether a temporary passcode may be shown: to the session that showed it before, or to whoever just signed in. A
/// session that stood open beside the one of the reset has proven nothing since, however young it is.
#[must_use]
pub fn may_reveal(actor: &Actor, facts: &RevealFacts, now: Timestamp) -> bool {
    let proven = actor.proven_at.is_some_and(|at| {
        is_recent(at, now) && (facts.submitted_in == actor.session || at > facts.submitted_at)
    });
    facts.revealed_in == Some(actor.session) || proven
}

#[cfg(test)]
#[path = "freshness_tests.rs"]
mod tests;

//! Signing in and out: the use cases of [`Portal`] that end in a session, or end one.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::account::{
    Identity, MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS, Profile, SignOutOrder, SignedIn, TokenHash,
};
use crate::audit::Event;
use crate::device::{Capability, DeviceId};
use crate::freshness::{Authentication, Purpose, SignInWindow, Verdict, WindowId};
use crate::live::Signal;
use crate::passkey::{Passkey, PasskeyId, UsedPasskey};
use crate::person::{Actor, PersonId, SessionId};
use crate::portal::Portal;
use crate::ports::{Denied, Means, NewSession};
use crate::{Refusal, Timestamp, recovery};

/// The browser somebody signs in with.
pub struct Arriving {
    /// The hash of the session cookie that will be set.
    pub token: TokenHash,
    /// The browser's window cookie, if it has one. Its window is consumed, whoever signs in.
    pub browser: Option<TokenHash>,
    /// The session this browser had until now; it ends.
    pub replaces: Option<SessionId>,
    /// What this browser was known by until now, and what it is known by from now on: whoever guesses passwords must
    /// not keep a person from their own browser.
    pub known_before: Option<TokenHash>,
    pub known_browser: TokenHash,
    /// What the browser calls itself, for the list of sessions.
    pub agent: String,
}

/// With a user name and a password of our own.
pub struct SignInAttempt {
    pub user_name: String,
    pub password: SecretString,
    pub arriving: Arriving,
}

/// Told by an identity provider, and verified.
pub struct ProviderSignIn {
    pub identity: Identity,
    pub profile: Profile,
    pub proof: Authentication,
    /// What the provider calls its own session.
    pub session: Option<String>,
    pub arriving: Arriving,
}

/// Where a sign-in leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Landing {
    Devices,
    /// In time: to what the window was opened for.
    Proven(Purpose, DeviceId),
    Late(Purpose, DeviceId),
    /// In time, but it proves nothing.
    NotFresh(Purpose, DeviceId),
    TooWeak(Purpose, DeviceId),
    /// Somebody else's window. Names no device.
    AnotherPerson,
}

/// What the sign-in page counts down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Countdown {
    pub remaining_millis: i64,
    pub total_seconds: i64,
    pub purpose: Purpose,
}

impl Portal {
    /// # Errors
    /// [`Refusal::WrongCredentials`], the same for an unknown name and a wrong password; the window stays open then.
    pub async fn sign_in(&self, attempt: SignInAttempt) -> Result<Landing, Denied> {
        let now = self.clock.now();
        // Longer ones belong to nobody, and hashing them would be work for an attacker's asking.
        if attempt.password.expose_secret().len() > MAX_PASSWORD_BYTES {
            return Err(Refusal::WrongCredentials.into());
        }
        let Some((person, by)) =
            self.authenticator.authenticate(&attempt.user_name, &attempt.password).await?
        else {
            self.store.note_failed_sign_in(&attempt.user_name, now).await?;
            return Err(Refusal::WrongCredentials.into());
        };
        let session = NewSession {
            session: SessionId(self.new_id(now)),
            person,
            proof: Authentication::local(now),
            by,
            arriving: attempt.arriving,
        };
        self.begin_session(session, now).await
    }

    /// # Errors
    /// [`Refusal::AccountDisabled`].
    pub async fn sign_in_by_provider(&self, told: ProviderSignIn) -> Result<Landing, Denied> {
        let now = self.clock.now();
        let newcomer = PersonId(self.new_id(now));
        let person = self.store.person_of(&told.identity, &told.profile, newcomer, now).await?;
        let session = NewSession {
            session: SessionId(self.new_id(now)),
            person,
            proof: told.proof,
            by: Means::Provider { issuer: told.identity.issuer, session: told.session },
            arriving: told.arriving,
        };
        self.begin_session(session, now).await
    }

    /// Verified by the host: the person was there, and known to what keeps the passkey. They may have been so since it was
    /// asked for, and whoever holds an answer back proves no more by it.
    ///
    /// # Errors
    /// [`Refusal::AccountDisabled`].
    pub async fn sign_in_by_passkey(
        &self,
        person: PersonId,
        passkey: UsedPasskey,
        asked_at: Timestamp,
        arriving: Arriving,
    ) -> Result<Landing, Denied> {
        let now = self.clock.now();
        let session = NewSession {
            session: SessionId(self.new_id(now)),
            person,
            proof: Authentication::local(asked_at),
            by: Means::Passkey(passkey),
            arriving,
        };
        self.begin_session(session, now).await
    }

    async fn begin_session(&self, session: NewSession, now: Timestamp) -> Result<Landing, Denied> {
        let outcome = self.store.sign_in(&session, now).await?;
        if let Some(replaced) = session.arriving.replaces {
            self.signals.send(Signal::SessionEnded(replaced));
        }
        Ok(match outcome {
            None => Landing::Devices,
            Some(window) => match window.verdict {
                Verdict::Granted => Landing::Proven(window.purpose, window.device),
                // Late or not: showing a passcode asks for a fresh sign-in, and nothing else.
                Verdict::Late if window.purpose == Purpose::Reveal && session.proof.reveals(now) => {
                    Landing::Proven(window.purpose, window.device)
                }
                Verdict::Late => Landing::Late(window.purpose, window.device),
                Verdict::NotFresh => Landing::NotFresh(window.purpose, window.device),
                Verdict::TooWeak => Landing::TooWeak(window.purpose, window.device),
                Verdict::AnotherPerson => Landing::AnotherPerson,
            },
        })
    }

    /// Whether this answer of a provider is used for the first time.
    pub async fn use_once(&self, what: &TokenHash) -> Result<bool, Denied> {
        Ok(self.store.use_once(what, self.clock.now()).await?)
    }

    /// What proved nothing led to no session. Returns whether that is somebody's doing, rather than a neighbour's that
    /// failed.
    pub async fn note_refused_sign_in(&self, refusal: Refusal) -> Result<bool, Denied> {
        let event = match refusal {
            Refusal::NotBegunHere => Event::SignInNotBegunHere,
            Refusal::ProviderDenied => Event::SignInDeniedByProvider,
            Refusal::ProviderNotBelieved | Refusal::PasskeyNotBelieved => Event::SignInNotBelieved,
            // Written down with whose it is.
            Refusal::AccountDisabled => return Ok(true),
            _ => return Ok(false),
        };
        self.store.note(event, self.clock.now()).await?;
        Ok(true)
    }

    pub async fn actor(&self, token: &TokenHash) -> Result<Option<Actor>, Denied> {
        Ok(self.store.actor(token, &self.limits, self.clock.now()).await?)
    }

    /// Returns the issuer that the session came from, where the person may want to sign out as well.
    pub async fn sign_out(&self, actor: &Actor) -> Result<Option<String>, Denied> {
        self.store.sign_out(actor, self.clock.now()).await?;
        self.signals.send(Signal::SessionEnded(actor.session));
        // Here they are signed out, whatever is known of there.
        Ok(self.store.issuer_of(actor.session).await.unwrap_or_default())
    }

    /// The provider says that somebody signed out there.
    ///
    /// # Errors
    /// [`Refusal::ProviderNotBelieved`] for an order that was carried out before.
    pub async fn sign_out_by_provider(&self, order: &SignOutOrder) -> Result<(), Denied> {
        let ended = self.store.end_provider_sessions(order, self.clock.now()).await?;
        for session in ended.ok_or(Refusal::ProviderNotBelieved)? {
            self.signals.send(Signal::SessionEnded(session));
        }
        Ok(())
    }

    /// Step 1 of a reset: the server's clock starts here.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a device that is not the actor's; the session goes on then.
    pub async fn sign_out_to_prove(
        &self,
        actor: &Actor,
        device: &DeviceId,
        purpose: Purpose,
        browser: &TokenHash,
        replaces: Option<&TokenHash>,
    ) -> Result<(), Denied> {
        let opened_at = self.clock.now();
        let device = self.last_known(actor, device).await?.device;
        if let (Purpose::Reset, Capability::Impossible(why)) = (purpose, device.reset) {
            return Err(Refusal::NotPossible(why).into());
        }
        let window = SignInWindow {
            id: WindowId(self.new_id(opened_at)),
            person: actor.person.id,
            device: device.id,
            purpose,
            opened_at,
            seconds: self.window_seconds,
        };
        self.store.sign_out_to_prove(actor, &window, browser, replaces, opened_at).await?;
        self.signals.send(Signal::SessionEnded(actor.session));
        Ok(())
    }

    pub async fn countdown(&self, browser: &TokenHash) -> Result<Option<Countdown>, Denied> {
        let window = self.store.window(browser).await?;
        Ok(window.map(|window| Countdown {
            remaining_millis: window.remaining_millis(self.clock.now()),
            total_seconds: window.seconds,
            purpose: window.purpose,
        }))
    }

    pub async fn sessions(&self, actor: &Actor) -> Result<(Vec<SignedIn>, Timestamp), Denied> {
        let now = self.clock.now();
        Ok((self.store.sessions(actor, &self.limits, now).await?, now))
    }

    /// # Errors
    /// [`Refusal::NotFound`] for a session that is not the actor's.
    pub async fn end_session(&self, actor: &Actor, session: SessionId) -> Result<(), Denied> {
        if !self.store.end_session(actor, session, self.clock.now()).await? {
            return Err(Refusal::NotFound.into());
        }
        self.signals.send(Signal::SessionEnded(session));
        Ok(())
    }

    /// Whether anybody can sign in with a password of ours.
    pub async fn has_passwords(&self) -> Result<bool, Denied> {
        Ok(self.store.has_passwords().await?)
    }

    /// Whether this person can.
    pub async fn has_password(&self, actor: &Actor) -> Result<bool, Denied> {
        Ok(self.store.password_of_person(actor.person.id).await?.is_some())
    }

    /// Before anything is added that opens the account: whoever sits down at an open page must not keep a key to it.
    ///
    /// # Errors
    /// [`Refusal::WrongPassword`].
    pub async fn check_password(&self, actor: &Actor, current: &SecretString) -> Result<(), Denied> {
        if current.expose_secret().len() > MAX_PASSWORD_BYTES
            || !self.authenticator.check(actor.person.id, current).await?
        {
            return Err(Refusal::WrongPassword.into());
        }
        Ok(())
    }

    pub async fn passkeys(&self, person: PersonId) -> Result<Vec<Passkey>, Denied> {
        Ok(self.store.passkeys(person).await?)
    }

    /// # Errors
    /// [`Refusal::PasskeyNotBelieved`] for one that somebody has.
    pub async fn add_passkey(&self, actor: &Actor, passkey: &Passkey) -> Result<(), Denied> {
        self.store.add_passkey(actor, passkey).await
    }

    /// # Errors
    /// [`Refusal::NotFound`] for one that is not the actor's.
    pub async fn remove_passkey(&self, actor: &Actor, id: &PasskeyId) -> Result<(), Denied> {
        if !self.store.remove_passkey(actor, id, self.clock.now()).await? {
            return Err(Refusal::NotFound.into());
        }
        Ok(())
    }

    /// They are told here and nowhere else.
    ///
    /// # Errors
    /// [`Refusal::WrongPassword`].
    pub async fn make_recovery_codes(
        &self,
        actor: &Actor,
        current: &SecretString,
    ) -> Result<Vec<String>, Denied> {
        self.check_password(actor, current).await?;
        let codes = recovery::make(self.random.as_ref());
        let kept: Vec<_> = codes.iter().filter_map(|code| recovery::hash(code)).collect();
        self.store.set_recovery_codes(actor, &kept, self.clock.now()).await?;
        Ok(codes)
    }

    pub async fn recovery_codes_left(&self, actor: &Actor) -> Result<u32, Denied> {
        Ok(self.store.recovery_codes_left(actor.person.id).await?)
    }

    /// # Errors
    /// [`Refusal::WrongPassword`], [`Refusal::WeakPassword`] and [`Refusal::GuessablePassword`].
    pub async fn change_password(
        &self,
        actor: &Actor,
        current: &SecretString,
        new: &SecretString,
    ) -> Result<(), Denied> {
        let text = new.expose_secret();
        if text.chars().count() < MIN_PASSWORD_CHARS || text.len() > MAX_PASSWORD_BYTES {
            return Err(Refusal::WeakPassword.into());
        }
        self.check_password(actor, current).await?;
        if self.authenticator.is_guessable(new, &actor.person.known_of()) {
            return Err(Refusal::GuessablePassword.into());
        }
        let hash = self.authenticator.hash(new).await?;
        self.store.change_password(actor, &hash, self.clock.now()).await?;
        self.signals.send(Signal::SessionsEnded { person: actor.person.id, except: Some(actor.session) });
        Ok(())
    }
}

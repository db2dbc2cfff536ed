//! Everything a stand-in knows, behind one lock.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::events::Outbox;
use crate::fault::Faults;
use crate::http::{Answer, Entry, Request};
use crate::keys;
use crate::seat::Seat;
use crate::time::{Clock, http_date};
use crate::{Phone, android, fleet, intune, nanomdm};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Intune,
    NanoMdm,
    Android,
    Fleet,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Intune, Self::NanoMdm, Self::Android, Self::Fleet];

    /// Its name where one is written, as in the program's control endpoint.
    pub fn name(self) -> &'static str {
        match self {
            Self::Intune => "intune",
            Self::NanoMdm => "nanomdm",
            Self::Android => "android",
            Self::Fleet => "fleet",
        }
    }
}

/// What proves that a client is ours.
pub(crate) struct Credentials {
    pub tenant: String,
    pub client_id: String,
    /// The client secret, the API key or the bearer token.
    pub secret: String,
}

pub(crate) struct Token {
    pub value: String,
    pub expires: i64,
    pub valid: bool,
}

pub(crate) struct World {
    pub kind: Kind,
    pub url: String,
    /// What else it is called by those who reach it through something between.
    pub other_urls: Vec<String>,
    clock: Clock,
    pub credentials: Credentials,
    pub tokens: Vec<Token>,
    pub credentials_wrong: bool,
    pub forbid: bool,
    pub seats: Vec<Seat>,
    /// Whoever had a phone once is known to the directory for good: e-mail addresses and user ids.
    pub people: BTreeSet<String>,
    /// NanoMDM: every `CommandUUID` it was ever given, which it never takes again.
    pub command_uuids: BTreeSet<String>,
    /// In base64, also those that open nothing any more.
    pub unlock_tokens: Vec<String>,
    pub outbox: Outbox,
    pub faults: Faults,
    pub journal: Vec<Entry>,
    seed: i64,
    made: u64,
}

impl World {
    pub fn new(kind: Kind, url: String, clock: Clock, webhook: Option<(String, String)>) -> Self {
        let empty = Credentials { tenant: String::new(), client_id: String::new(), secret: String::new() };
        let mut world = Self {
            kind,
            url,
            other_urls: Vec::new(),
            seed: clock(),
            clock,
            credentials: empty,
            tokens: Vec::new(),
            credentials_wrong: false,
            forbid: false,
            seats: Vec::new(),
            people: BTreeSet::new(),
            command_uuids: BTreeSet::new(),
            unlock_tokens: Vec::new(),
            outbox: Outbox::new(webhook),
            faults: Faults::default(),
            journal: Vec::new(),
            made: 0,
        };
        world.outbox.key_or(|| String::from("webhook-key-of-the-stand-in"));
        world.credentials =
            Credentials { tenant: world.uuid(), client_id: world.uuid(), secret: world.made("secret") };
        world
    }

    pub fn now(&self) -> i64 {
        (self.clock)()
    }

    /// 32 bytes that come up once: no need for real randomness, and a stand-in with a fixed clock stays the same.
    pub fn bytes(&mut self) -> [u8; 32] {
        self.made += 1;
        Sha256::digest(format!("{} {} {}", self.url, self.seed, self.made)).into()
    }

    pub fn made(&mut self, what: &str) -> String {
        format!("{what}-{}", keys::base64url(&self.bytes()))
    }

    pub fn uuid(&mut self) -> String {
        let bytes = self.bytes()[..16].try_into().unwrap();
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    pub fn add(&mut self, phone: Phone) {
        self.people.extend([phone.email.clone(), phone.user_id.clone()]);
        let unlock_token = self.unlock_token();
        self.seats.push(Seat::new(phone, unlock_token));
    }

    /// A new one, which counts among the secrets from here on, in whatever way it gets out.
    pub fn unlock_token(&mut self) -> Vec<u8> {
        let token = [self.bytes(), self.bytes()].concat();
        self.unlock_tokens.push(keys::base64(&token));
        token
    }

    /// The phone that a test means: it must be there.
    pub fn seat(&mut self, id: &str) -> &mut Seat {
        let at = self.at(id);
        &mut self.seats[at]
    }

    pub fn at(&self, id: &str) -> usize {
        self.seats
            .iter()
            .position(|seat| seat.phone.id == id)
            .unwrap_or_else(|| panic!("no phone has the id {id}"))
    }

    /// The phone that a client means: it may be retired or never have been there.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.seats.iter().position(|seat| seat.phone.id == id && !seat.retired)
    }

    /// The phones that are online look what waits for them and do it.
    pub fn check_in(&mut self, asked: bool) {
        let now = self.now();
        for at in 0..self.seats.len() {
            self.seats[at].expire(now);
            let due = self.seats[at].due(now, asked);
            if self.kind == Kind::NanoMdm {
                nanomdm::connect(self, at, &due);
                continue;
            }
            for record in due {
                match self.kind {
                    Kind::Intune => intune::execute(self, at, record),
                    Kind::Android => android::execute(self, at, record),
                    Kind::Fleet | Kind::NanoMdm => fleet::execute(self, at, record),
                }
            }
        }
    }

    pub fn answer(&mut self, request: &Request) -> Answer {
        match self.kind {
            Kind::Intune => intune::answer(self, request),
            Kind::NanoMdm => nanomdm::answer(self, request),
            Kind::Android => android::answer(self, request),
            Kind::Fleet => fleet::answer(self, request),
        }
    }

    /// That status in the server's own error shape.
    pub fn error(&mut self, status: u16) -> Answer {
        match self.kind {
            Kind::Intune => intune::error(self, status),
            Kind::NanoMdm => nanomdm::error(status),
            Kind::Android => android::error(status),
            Kind::Fleet => fleet::error(status),
        }
    }

    /// The headers that every answer has.
    pub fn finish(&mut self, request: &Request, answer: Answer) -> Answer {
        let answer = answer.with("date", http_date(self.now()));
        if self.kind != Kind::Intune {
            return answer;
        }
        let answer = match request.header("client-request-id") {
            Some(id) => answer.with("client-request-id", id),
            None => answer,
        };
        answer.with("request-id", self.uuid())
    }

    pub fn issue_token(&mut self, seconds: i64) -> String {
        let value = self.made("token");
        self.tokens.push(Token { value: value.clone(), expires: self.now() + seconds * 1000, valid: true });
        value
    }

    pub fn knows_token(&self, value: &str) -> bool {
        let now = self.now();
        self.tokens.iter().any(|token| token.value == value && token.valid && now < token.expires)
    }
}

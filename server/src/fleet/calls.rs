//! How an MDM is asked over HTTP, with manners: so many at once, not while it wants to be left alone, and not again and
//! again while it is down. What may be asked twice without harm is.

use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use domain::fleet::FleetError;
use domain::ports::{Clock, Randomness};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode, Uri};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::outgoing::Outgoing;

/// Questions to one MDM at once.
const AT_ONCE: usize = 8;
const ORDERS_AT_ONCE: usize = 4;
/// How often what may be asked twice is asked.
const TRIES: u32 = 3;
const FIRST_PAUSE_MILLIS: u64 = 100;
/// After so many silences in a row it is left alone, first for so long, then for twice as long each time.
const SILENCES: u32 = 3;
const FIRST_REST_MILLIS: i64 = 2_000;
const LONGEST_REST_MILLIS: i64 = 30_000;
/// For longer nobody leaves it alone, whatever it says.
const LONGEST_RETRY_SECONDS: u32 = 10 * 60;
/// What an answer says that wants to be left alone and does not say for how long.
const USUAL_RETRY_SECONDS: u32 = 5;

pub struct Calls {
    outgoing: Outgoing,
    at_most: Duration,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Randomness>,
    gate: Semaphore,
    /// Orders do not wait behind what pages ask.
    orders: Semaphore,
    mood: Mutex<Mood>,
}

#[derive(Default)]
struct Mood {
    /// How often in a row it said nothing that makes sense.
    silences: u32,
    /// Until then it is left alone because it is down: all but the one that tries whether it is back.
    rests_until: Timestamp,
    /// Until then it wants to be left alone.
    not_before: Timestamp,
}

const ELSEWHERE: &str = "it sends us elsewhere, where nobody goes";
const TOO_LATE: &str = "it takes too long";

pub type Answered = Response<Vec<u8>>;

impl Calls {
    pub fn new(
        at_most: Duration,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Randomness>,
    ) -> Result<Self, String> {
        Ok(Self {
            outgoing: Outgoing::new(at_most)?,
            at_most,
            clock: Arc::clone(clock),
            random: Arc::clone(random),
            gate: Semaphore::new(AT_ONCE),
            orders: Semaphore::new(ORDERS_AT_ONCE),
            mood: Mutex::default(),
        })
    }

    /// What changes nothing, and may be asked again when nothing comes back. With the waiting for its turn, all of it takes
    /// no longer than one answer may.
    pub async fn read(&self, make: impl Fn() -> Request<Vec<u8>>) -> Result<Answered, FleetError> {
        let end = Instant::now() + self.at_most;
        let mut tries = 1;
        loop {
            let asked = timeout_at(end, self.pass(&self.gate, make())).await.unwrap_or_else(|_| {
                self.was_silent();
                Err(FleetError::Unclear(format!("{TOO_LATE}: nothing in {:?}", self.at_most)))
            });
            let (why, may_pass) = match asked {
                Ok(answer) if answer.status().is_server_error() => {
                    (format!("it answers {}", answer.status()), true)
                }
                Ok(answer) => return Ok(answer),
                Err(error @ FleetError::Throttled { .. }) => return Err(error),
                // Whoever sends us elsewhere will do so again.
                Err(FleetError::Unreachable(why)) => (why.clone(), !why.contains(ELSEWHERE)),
                Err(FleetError::Unclear(why)) => (why, true),
            };
            let pause = self.pause(tries);
            if !may_pass || tries == TRIES || self.rests() || Instant::now() + pause >= end {
                return Err(FleetError::Unreachable(why));
            }
            tokio::time::sleep(pause).await;
            tries += 1;
        }
    }

    /// What changes something, and goes out once.
    pub async fn write(&self, request: Request<Vec<u8>>) -> Result<Answered, FleetError> {
        let answer = self.order(request).await?;
        if answer.status().is_server_error() {
            return Err(FleetError::Unclear(format!("it answers {}", answer.status())));
        }
        Ok(answer)
    }

    /// An answer of whatever status, but neither "later" nor "elsewhere".
    pub async fn order(&self, request: Request<Vec<u8>>) -> Result<Answered, FleetError> {
        self.pass(&self.orders, request).await
    }

    async fn pass(&self, gate: &Semaphore, request: Request<Vec<u8>>) -> Result<Answered, FleetError> {
        let Ok(_turn) = gate.acquire().await else {
            return Err(FleetError::Unreachable("nobody asks any more".to_owned()));
        };
        // It may have asked for a pause meanwhile.
        self.may_ask()?;
        let answer = match self.outgoing.send(request).await {
            Ok(answer) => answer,
            Err(error) => {
                self.was_silent();
                let why = if error.is_timeout() { format!("{TOO_LATE}: {error}") } else { error.to_string() };
                let unsent = error.is_unsent();
                return Err(if unsent { FleetError::Unreachable(why) } else { FleetError::Unclear(why) });
            }
        };
        let status = answer.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            let seconds = self.leave_alone(&answer);
            return Err(FleetError::Throttled { seconds });
        }
        if status == StatusCode::SERVICE_UNAVAILABLE && answer.headers().contains_key(RETRY_AFTER) {
            self.leave_alone(&answer);
        }
        if status.is_redirection() {
            // Whoever answers so has not done it, and nobody is sent elsewhere with what opens the MDM.
            return Err(FleetError::Unreachable(format!("it answers {status}: {ELSEWHERE}")));
        }
        // 500 is an answer: NanoMDM says so when only its push failed.
        let is_down = status.is_server_error() && status != StatusCode::INTERNAL_SERVER_ERROR;
        if is_down {
            self.was_silent();
        } else {
            self.answered();
        }
        Ok(answer)
    }

    fn may_ask(&self) -> Result<(), FleetError> {
        let now = self.clock.now();
        let mut mood = self.mood();
        let millis = mood.not_before.millis_since(now);
        if millis > 0 {
            return Err(FleetError::Throttled {
                seconds: u32::try_from(millis.div_euclid(1000) + 1).unwrap_or(1),
            });
        }
        if mood.silences < SILENCES {
            return Ok(());
        }
        if mood.rests_until > now {
            return Err(FleetError::Unreachable(format!(
                "it is left alone after {} silences",
                mood.silences
            )));
        }
        // This one tries whether it is back; everybody else goes on waiting.
        mood.rests_until = now.plus_millis(rest(mood.silences));
        Ok(())
    }

    fn was_silent(&self) {
        let now = self.clock.now();
        let mut mood = self.mood();
        mood.silences = mood.silences.saturating_add(1);
        if mood.silences >= SILENCES {
            mood.rests_until = now.plus_millis(rest(mood.silences));
        }
    }

    fn answered(&self) {
        self.mood().silences = 0;
    }

    /// For how many seconds.
    fn leave_alone(&self, answer: &Answered) -> u32 {
        let said = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let seconds = said.and_then(|said| self.retry_seconds(said)).unwrap_or(USUAL_RETRY_SECONDS);
        let seconds = seconds.clamp(1, LONGEST_RETRY_SECONDS);
        self.mood().not_before = self.clock.now().plus_seconds(seconds.into());
        seconds
    }

    /// Seconds, or a date.
    fn retry_seconds(&self, said: &str) -> Option<u32> {
        if let Ok(seconds) = said.trim().parse() {
            return Some(seconds);
        }
        let at = http_date(said)?;
        u32::try_from(at.seconds_since(self.clock.now())).ok()
    }

    fn rests(&self) -> bool {
        let mood = self.mood();
        mood.silences >= SILENCES || mood.not_before > self.clock.now()
    }

    /// Ever longer, and not at the same moment for all.
    fn pause(&self, tries: u32) -> Duration {
        let mut chance = [0];
        self.random.fill(&mut chance);
        let millis = FIRST_PAUSE_MILLIS << tries.min(6);
        Duration::from_millis(millis + millis * u64::from(chance[0]) / 256)
    }

    fn mood(&self) -> MutexGuard<'_, Mood> {
        self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn rest(silences: u32) -> i64 {
    (FIRST_REST_MILLIS << silences.saturating_sub(SILENCES).min(6)).min(LONGEST_REST_MILLIS)
}

/// A question without a body.
pub fn ask(
    method: Method,
    url: &str,
    authorization: Option<&HeaderValue>,
) -> Result<Request<Vec<u8>>, FleetError> {
    let uri: Uri =
        url.parse().map_err(|_| FleetError::Unreachable("its address cannot be asked".to_owned()))?;
    let mut request = Request::new(Vec::new());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    if let Some(value) = authorization {
        request.headers_mut().insert(AUTHORIZATION, value.clone());
    }
    Ok(request)
}

pub fn with_body(mut request: Request<Vec<u8>>, kind: &'static str, body: Vec<u8>) -> Request<Vec<u8>> {
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    *request.body_mut() = body;
    request
}

/// Marked, so that no library writes it into a log.
pub fn authorization(kind: &str, secret: &SecretString) -> Result<HeaderValue, FleetError> {
    let value = HeaderValue::from_str(&format!("{kind} {}", secret.expose_secret()));
    let mut value =
        value.map_err(|_| FleetError::Unreachable("its key has signs that no header has".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// What it answers, if that is JSON of this shape. The words of a JSON error may repeat what was sent, so they are not told.
pub fn json<T: DeserializeOwned>(answer: &Answered) -> Result<T, FleetError> {
    serde_json::from_slice(answer.body()).map_err(|error| {
        FleetError::Unclear(format!(
            "its answer cannot be read ({:?} in line {})",
            error.classify(),
            error.line()
        ))
    })
}

/// Of an answer that was only to be read: nothing was to arrive.
pub fn read_json<T: DeserializeOwned>(answer: &Answered) -> Result<T, FleetError> {
    json(answer).map_err(|error| FleetError::Unreachable(error.to_string()))
}

/// For the doctor: what to do when it could not be asked at the address under this key.
pub fn remedy(error: &FleetError, key: &str) -> String {
    let said = error.to_string();
    let remedy = if matches!(error, FleetError::Throttled { .. }) {
        "Something asks it too often. Run this again after the pause".to_owned()
    } else if said.contains(ELSEWHERE) {
        format!(
            "Set `{key}` to the address that answers itself; look for http in place of https, or a sign-in page before it"
        )
    } else if said.contains(TOO_LATE) {
        "Find out why it is slow, or raise `timeout_seconds`".to_owned()
    } else if said.contains("cannot be read") {
        format!("Something else answers there: set `{key}` to the MDM's own address")
    } else if said.contains("it answers 5") {
        "It fails itself: look at its log, or at its maker's status page".to_owned()
    } else {
        format!("Look whether this machine reaches it (proxy, firewall, DNS), and whether `{key}` is right")
    };
    format!("{said}. {remedy}")
}

pub fn status_of(answer: &Answered) -> FleetError {
    FleetError::Unreachable(format!("it answers {}", answer.status()))
}

/// As in the headers Date and Retry-After.
pub fn http_date(text: &str) -> Option<Timestamp> {
    let parsed = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp(parsed.as_millisecond()))
}

/// As in JSON.
pub fn json_date(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(|parsed| Timestamp(parsed.as_millisecond()))
}

/// A part of an address that somebody else named.
pub fn segment(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            all.push(char::from(byte));
        } else {
            let _ = write!(all, "%{byte:02X}");
        }
        all
    })
}

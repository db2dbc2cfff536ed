//! Who listens: the open streams, by person, so that a signal wakes those alone whom it concerns.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use domain::live::{LiveUpdate, Signal};
use domain::person::{PersonId, SessionId};
use tokio::sync::Notify;

/// What is told to everybody is told over so long: thousands that read their rows, or come back, in the same moment
/// would wait for each other.
const SPREAD: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(20);

/// All open streams of this process.
#[derive(Default)]
pub struct Listeners(Mutex<HashMap<PersonId, Room>>);

/// Those of one person.
#[derive(Default)]
struct Room {
    ears: Vec<Arc<Ear>>,
    news: Arc<News>,
}

/// What one stream has yet to hear.
struct Ear {
    session: SessionId,
    /// The gravest [`Word`] since it listened last, or none.
    told: AtomicU8,
    woken: Notify,
}

/// What a stream is told. The later ones say the earlier ones too, so that several at once are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Word {
    /// Something the person can see has changed.
    Changed = 1,
    /// Anything may have, the session too.
    Missed,
    Restarting,
    SessionEnded,
}

impl Ear {
    fn tell(&self, word: Word) {
        if self.told.fetch_max(word as u8, Ordering::AcqRel) < word as u8 {
            self.woken.notify_one();
        }
    }
}

/// One stream, until it is dropped.
pub struct Listener {
    all: Arc<Listeners>,
    person: PersonId,
    ear: Arc<Ear>,
    news: Arc<News>,
}

impl Listeners {
    /// `None` when the person has as many as anybody may have.
    pub fn open(self: &Arc<Self>, person: PersonId, session: SessionId, most: u32) -> Option<Listener> {
        let mut rooms = self.rooms();
        let room = rooms.entry(person).or_default();
        if room.ears.len() >= most as usize {
            return None;
        }
        let ear = Arc::new(Ear { session, told: AtomicU8::new(0), woken: Notify::new() });
        room.ears.push(Arc::clone(&ear));
        metrics::gauge!("latchkey_live_streams").increment(1);
        Some(Listener { all: Arc::clone(self), person, ear, news: Arc::clone(&room.news) })
    }

    pub fn tell(&self, signal: Signal) {
        let rooms = self.rooms();
        match signal {
            Signal::Changed(person) => {
                rooms.get(&person).into_iter().for_each(|room| room.tell(Word::Changed));
            }
            Signal::SessionsEnded { person, except } => {
                let ears = rooms.get(&person).into_iter().flat_map(|room| &room.ears);
                ears.filter(|ear| except != Some(ear.session)).for_each(|ear| ear.tell(Word::SessionEnded));
            }
            // Whose it was is not said. To compare all wakes nobody.
            Signal::SessionEnded(session) => {
                let ears = rooms.values().flat_map(|room| &room.ears);
                ears.filter(|ear| ear.session == session).for_each(|ear| ear.tell(Word::SessionEnded));
            }
        }
    }

    /// Signals may have been lost: all read their rows again.
    pub async fn look_again(&self) {
        let people: Vec<PersonId> = self.rooms().keys().copied().collect();
        spread(&people, |person| {
            self.rooms().get(person).into_iter().for_each(|room| room.tell(Word::Missed));
        })
        .await;
    }

    /// The program ends: all are told to come back, and waited for.
    pub async fn send_away(&self) {
        loop {
            let ears: Vec<Arc<Ear>> =
                self.rooms().values().flat_map(|room| &room.ears).map(Arc::clone).collect();
            if ears.is_empty() {
                return;
            }
            spread(&ears, |ear| ear.tell(Word::Restarting)).await;
        }
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<PersonId, Room>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn tell(&self, word: Word) {
        self.news.changes.fetch_add(1, Ordering::AcqRel);
        self.ears.iter().for_each(|ear| ear.tell(word));
    }
}

async fn spread<T>(all: &[T], tell: impl Fn(&T)) {
    let steps = SPREAD.as_millis() / STEP.as_millis();
    let at_once = all.len().div_ceil(usize::try_from(steps).unwrap_or(usize::MAX)).max(1);
    for some in all.chunks(at_once) {
        some.iter().for_each(&tell);
        tokio::time::sleep(STEP).await;
    }
}

impl Listener {
    /// The next word, once there is one.
    pub async fn hears(&self) -> Word {
        loop {
            match self.ear.told.swap(0, Ordering::AcqRel) {
                0 => self.ear.woken.notified().await,
                told if told == Word::Changed as u8 => return Word::Changed,
                told if told == Word::Missed as u8 => return Word::Missed,
                told if told == Word::Restarting as u8 => return Word::Restarting,
                _ => return Word::SessionEnded,
            }
        }
    }

    /// What came after a cursor, as the text of a message, and the cursor then. Whoever asks first reads, and the person's
    /// other streams are given the same until something has changed again.
    pub async fn news<E>(
        &self,
        after: i64,
        read: impl Future<Output = Result<LiveUpdate, E>>,
    ) -> Result<(i64, Utf8Bytes), E> {
        let mut last = self.news.last.lock().await;
        // Before the reading: what changes meanwhile is not in it for certain.
        let changes = self.news.changes.load(Ordering::Acquire);
        if let Some(last) = last.as_ref().filter(|last| last.changes == changes && last.after == after) {
            return Ok((last.cursor, last.text.clone()));
        }
        let update = read.await?;
        let (cursor, text) = (update.cursor, text_of(&update));
        *last = Some(Reading { changes, after, cursor, text: text.clone() });
        Ok((cursor, text))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        metrics::gauge!("latchkey_live_streams").decrement(1);
        let mut rooms = self.all.rooms();
        let Some(room) = rooms.get_mut(&self.person) else { return };
        if let Some(place) = room.ears.iter().position(|ear| Arc::ptr_eq(ear, &self.ear)) {
            room.ears.swap_remove(place);
        }
        if room.ears.is_empty() {
            rooms.remove(&self.person);
        }
    }
}

/// What a person's streams read last.
#[derive(Default)]
struct News {
    /// How often something has changed.
    changes: AtomicU64,
    last: tokio::sync::Mutex<Option<Reading>>,
}

struct Reading {
    changes: u64,
    after: i64,
    cursor: i64,
    text: Utf8Bytes,
}

pub fn text_of(update: &LiveUpdate) -> Utf8Bytes {
    // Of numbers and texts alone: nothing in it can be refused.
    serde_json::to_string(update).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::FutureExt;
    use uuid::Uuid;

    use super::*;

    fn ids() -> [(PersonId, SessionId); 2] {
        [1, 2].map(|id| (PersonId(Uuid::from_u128(id)), SessionId(Uuid::from_u128(id + 10))))
    }

    fn update(cursor: i64) -> LiveUpdate {
        LiveUpdate { unread: 1, changed: true, cursor, fresh: Vec::new() }
    }

    #[test]
    fn a_stream_gives_its_place_back() {
        let all = Arc::new(Listeners::default());
        let [(ana, session), (ben, other)] = ids();
        let first = all.open(ana, session, 2);
        let second = all.open(ana, session, 2);
        assert!(first.is_some() && second.is_some());
        assert!(all.open(ana, session, 2).is_none());
        assert!(all.open(ben, other, 2).is_some());
        drop(first);
        assert!(all.open(ana, session, 2).is_some());
        drop(second);
        assert!(all.rooms().is_empty());
    }

    #[test]
    fn a_signal_wakes_those_alone_whom_it_concerns() {
        let all = Arc::new(Listeners::default());
        let [(ana, session), (ben, other)] = ids();
        let [here, there] = [session, other].map(|session| all.open(ana, session, 2).unwrap());
        let bens = all.open(ben, SessionId(Uuid::from_u128(30)), 2).unwrap();
        let heard = || [&here, &there, &bens].map(|listener| listener.hears().now_or_never());
        let (changed, ended) = (Some(Word::Changed), Some(Word::SessionEnded));
        assert_eq!(heard(), [None, None, None]);
        all.tell(Signal::Changed(ana));
        all.tell(Signal::Changed(ana));
        assert_eq!(heard(), [changed, changed, None]);
        assert_eq!(heard(), [None, None, None], "once, however often it was told");
        all.tell(Signal::SessionEnded(session));
        all.tell(Signal::Changed(ana));
        assert_eq!(heard(), [ended, changed, None]);
        all.tell(Signal::SessionsEnded { person: ana, except: Some(session) });
        assert_eq!(heard(), [None, ended, None]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_told_to_everybody_is_spread() {
        let all = Arc::new(Listeners::default());
        let open = |id| all.open(PersonId(Uuid::from_u128(id)), SessionId(Uuid::from_u128(id)), 1).unwrap();
        let listeners: Vec<Listener> = (0..1_000).map(open).collect();
        let mut told = 0;
        let look_again = all.look_again();
        tokio::pin!(look_again);
        while (&mut look_again).now_or_never().is_none() {
            let heard = listeners.iter().filter_map(|listener| listener.hears().now_or_never()).count();
            assert!(heard <= 10, "{heard} at once");
            told += heard;
            tokio::time::advance(STEP).await;
        }
        assert_eq!(told, 1_000);

        let went = async {
            for listener in listeners {
                assert_eq!(listener.hears().await, Word::Restarting);
            }
        };
        futures::join!(all.send_away(), went);
        assert!(all.rooms().is_empty());
    }

    #[tokio::test]
    async fn the_streams_of_a_person_share_one_reading() {
        let all = Arc::new(Listeners::default());
        let [(ana, session), _] = ids();
        let [first, second] = [0, 1].map(|_| all.open(ana, session, 2).unwrap());
        let read = async |listener: &Listener, after, cursor| {
            listener.news(after, async { Ok::<_, Infallible>(update(cursor)) }).await.unwrap().0
        };
        assert_eq!(read(&first, 0, 1).await, 1);
        assert_eq!(read(&second, 0, 2).await, 1);
        assert_eq!(read(&second, 1, 3).await, 3, "whoever knows more is told something else");
        all.tell(Signal::Changed(ana));
        assert_eq!(read(&first, 1, 4).await, 4);
    }
}

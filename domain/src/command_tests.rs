use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::device::WhyNot;
use crate::passcode::Maker;
use crate::person::{Person, SessionId};

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const AN_HOUR: usize = 3;

fn actor() -> Actor {
    Actor {
        person: Person {
            id: PersonId(Uuid::from_u128(1)),
            user_name: "ana".into(),
            name: "Ana".into(),
            email: "ana@example.org".into(),
            subject: String::new(),
            it_admin: false,
        },
        session: SessionId(Uuid::from_u128(7)),
        proven_at: Some(NOW),
    }
}

fn device(reset: Capability) -> Device {
    Device {
        id: "virtual.galaxy".parse().unwrap(),
        name: "Ana's Galaxy".into(),
        model: "Galaxy".into(),
        system: "Android 15".into(),
        platform: Platform::Android,
        last_seen: NOW,
        online: true,
        policy: PasscodePolicy { min_length: 8, maker: Maker::Portal },
        reset,
    }
}

fn grant(granted_at: Timestamp, spent_on: Option<CommandId>) -> Grant {
    Grant {
        id: GrantId(Uuid::from_u128(3)),
        person: actor().person.id,
        device: device(Capability::Possible).id,
        session: actor().session,
        granted_at,
        spent_on,
    }
}

fn submit(facts: &SubmitFacts) -> Result<Submission, Refusal> {
    may_submit(&actor(), &device(Capability::Possible), facts, AN_HOUR, NOW)
}

#[test]
fn a_valid_grant_is_spent_on_a_new_command() {
    let facts = SubmitFacts { grant: Some(grant(NOW, None)), ..SubmitFacts::default() };
    assert_eq!(submit(&facts), Ok(Submission::New(GrantId(Uuid::from_u128(3)))));
}

#[test]
fn without_a_grant_nothing_happens() {
    assert_eq!(submit(&SubmitFacts::default()), Err(Refusal::FreshSignInNeeded));
}

#[test]
fn an_old_grant_or_one_of_another_device_session_or_person_is_none() {
    let old = grant(NOW.plus_seconds(-301), None);
    let of = |change: fn(&mut Grant)| {
        let mut other = grant(NOW, None);
        change(&mut other);
        other
    };
    let others = [
        old,
        of(|g| g.device = "virtual.iphone".parse().unwrap()),
        of(|g| g.session = SessionId(Uuid::from_u128(8))),
        of(|g| g.person = PersonId(Uuid::from_u128(2))),
    ];
    for grant in others {
        let facts = SubmitFacts { grant: Some(grant), ..SubmitFacts::default() };
        assert_eq!(submit(&facts), Err(Refusal::FreshSignInNeeded));
    }
}

#[test]
fn a_spent_grant_answers_with_its_command_even_while_that_is_open() {
    let first = CommandId(Uuid::from_u128(9));
    let facts = SubmitFacts {
        grant: Some(grant(NOW.plus_seconds(-301), Some(first))),
        open: Some(first),
        within_an_hour: vec![NOW; AN_HOUR],
    };
    assert_eq!(submit(&facts), Ok(Submission::Repeated(first)));
}

#[test]
fn a_second_reset_while_one_is_open_is_refused() {
    let facts = SubmitFacts {
        grant: Some(grant(NOW, None)),
        open: Some(CommandId(Uuid::from_u128(9))),
        ..SubmitFacts::default()
    };
    assert_eq!(submit(&facts), Err(Refusal::AlreadyOpen));
}

#[test]
fn a_device_is_reset_only_so_often_within_an_hour() {
    let minutes_ago = |minutes: i64| NOW.plus_seconds(-60 * minutes);
    let mut facts = SubmitFacts {
        grant: Some(grant(NOW, None)),
        within_an_hour: vec![minutes_ago(1), minutes_ago(50)],
        ..SubmitFacts::default()
    };
    assert!(matches!(submit(&facts), Ok(Submission::New(_))));
    facts.within_an_hour.push(minutes_ago(20));
    // The oldest of them is forgotten in ten minutes.
    assert_eq!(submit(&facts), Err(Refusal::TooOften { retry_seconds: 600 }));
}

#[test]
fn a_device_that_cannot_be_reset_says_why() {
    for why in [WhyNot::PlatformCannot, WhyNot::Retired] {
        let facts = SubmitFacts { grant: Some(grant(NOW, None)), ..SubmitFacts::default() };
        let answer = may_submit(&actor(), &device(Capability::Impossible(why)), &facts, AN_HOUR, NOW);
        assert_eq!(answer, Err(Refusal::NotPossible(why)));
    }
}

fn any_state() -> impl Strategy<Value = CommandState> {
    proptest::sample::select(CommandState::ALL.to_vec())
}

proptest! {
    /// In whatever order outcomes arrive, and however often: the state only moves forward and an end is an end.
    #[test]
    fn states_move_forward_only(events in proptest::collection::vec(any_state(), 0..20)) {
        let mut state = CommandState::Queued;
        let mut ends = 0;
        for event in events {
            if state.may_become(event) {
                prop_assert!(event > state);
                ends += i32::from(event.is_final());
                state = event;
            }
        }
        prop_assert!(ends <= 1);
        prop_assert_eq!(ends == 1, state.is_final());
    }
}

#[test]
fn a_command_goes_forward_and_ends_once() {
    for (place, state) in CommandState::ALL.into_iter().enumerate() {
        let ended = place >= 5;
        assert_eq!(state.is_final(), ended, "{state:?}");
        for (other, next) in CommandState::ALL.into_iter().enumerate() {
            assert_eq!(state.may_become(next), !ended && other > place, "{state:?} to {next:?}");
        }
    }
}

#[test]
fn a_command_waits_for_its_phone_for_a_week() {
    assert_eq!(COMMAND_SECONDS, 604_800);
}

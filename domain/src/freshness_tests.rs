use proptest::prelude::*;

use super::*;
use crate::person::Person;

const T0: Timestamp = Timestamp(1_800_000_000_000);

fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(n))
}

fn device(name: &str) -> DeviceId {
    format!("virtual.{name}").parse().unwrap()
}

fn window() -> SignInWindow {
    SignInWindow {
        id: WindowId(Uuid::from_u128(1)),
        person: person(1),
        device: device("galaxy"),
        purpose: Purpose::Reset,
        opened_at: T0,
        seconds: WINDOW_SECONDS,
    }
}

fn local_sign_in_after(seconds: i64) -> Verdict {
    let now = T0.plus_seconds(seconds);
    window().judge(person(1), Authentication::local(now), now)
}

fn actor(session: u128, proven_at: Timestamp) -> Actor {
    Actor {
        person: Person {
            id: person(1),
            user_name: "ana".into(),
            name: "Ana".into(),
            email: "ana@example.org".into(),
            subject: String::new(),
            it_admin: false,
        },
        session: SessionId(Uuid::from_u128(session)),
        proven_at: Some(proven_at),
    }
}

fn grant() -> Grant {
    Grant {
        id: GrantId(Uuid::from_u128(3)),
        person: person(1),
        device: device("galaxy"),
        session: SessionId(Uuid::from_u128(7)),
        granted_at: T0,
        spent_on: None,
    }
}

#[test]
fn the_window_lasts_five_minutes_to_the_second() {
    assert_eq!(local_sign_in_after(0), Verdict::Granted);
    assert_eq!(local_sign_in_after(299), Verdict::Granted);
    assert_eq!(local_sign_in_after(300), Verdict::Granted);
    assert_eq!(local_sign_in_after(301), Verdict::Late);
}

#[test]
fn a_clock_turned_back_before_the_opening_closes_it() {
    assert_eq!(local_sign_in_after(-1), Verdict::Late);
    let before = T0.plus_millis(-1);
    assert_eq!(window().remaining_millis(before), 0);
}

#[test]
fn another_person_is_told_only_that_even_when_late() {
    for seconds in [1, 301] {
        let now = T0.plus_seconds(seconds);
        assert_eq!(window().judge(person(2), Authentication::local(now), now), Verdict::AnotherPerson);
    }
}

#[test]
fn a_shorter_window_is_kept_and_a_longer_one_is_cut() {
    let shorter = SignInWindow { seconds: 60, ..window() };
    assert!(shorter.is_open(T0.plus_seconds(60)));
    assert!(!shorter.is_open(T0.plus_seconds(61)));
    let longer = SignInWindow { seconds: 3600, ..window() };
    assert!(!longer.is_open(T0.plus_seconds(301)));
}

#[test]
fn a_providers_clock_may_differ_by_its_skew_and_no_more() {
    let judge = |proof_offset: i64, now_offset: i64| {
        let proof = Authentication::told(Some(T0.plus_millis(proof_offset)), true);
        window().judge(person(1), proof, T0.plus_millis(now_offset))
    };
    assert_eq!(judge(-10_000, 5_000), Verdict::Granted);
    assert_eq!(judge(-10_001, 5_000), Verdict::NotFresh);
    assert_eq!(judge(15_000, 5_000), Verdict::Granted);
    assert_eq!(judge(15_001, 5_000), Verdict::NotFresh);
}

#[test]
fn a_proof_of_unknown_age_or_of_too_little_is_none() {
    let judge = |proof| window().judge(person(1), proof, T0.plus_seconds(5));
    assert_eq!(judge(Authentication::told(None, true)), Verdict::NotFresh);
    assert_eq!(judge(Authentication::told(Some(T0), false)), Verdict::TooWeak);
    assert_eq!(judge(Authentication::told(Some(T0.plus_seconds(-60)), false)), Verdict::NotFresh);
}

#[test]
fn a_session_counts_as_proven_since_the_proof_and_never_from_the_future() {
    let proven = |offset, strong| Authentication::told(Some(T0.plus_millis(offset)), strong).proven_at(T0);
    assert_eq!(proven(-3_600_000, true), Some(T0.plus_seconds(-3600)));
    assert_eq!(proven(0, true), Some(T0));
    assert_eq!(proven(10_000, true), Some(T0));
    assert_eq!(proven(10_001, true), None);
    assert_eq!(proven(0, false), None);
    assert_eq!(Authentication::told(None, true).proven_at(T0), None);
    assert_eq!(Authentication::local(T0).proven_at(T0), Some(T0));
}

#[test]
fn the_countdown_ends_where_the_last_whole_second_does() {
    assert_eq!(window().remaining_millis(T0), 300_000);
    assert_eq!(window().remaining_millis(T0.plus_millis(299_001)), 999);
    assert_eq!(window().remaining_millis(T0.plus_millis(300_500)), 0);
    assert_eq!(window().remaining_millis(T0.plus_seconds(301)), 0);
}

#[test]
fn a_grant_is_for_one_person_device_and_session() {
    let holder = actor(7, T0);
    assert!(grant().belongs_to(&holder, &device("galaxy")));
    assert!(!grant().belongs_to(&holder, &device("iphone")));
    assert!(!grant().belongs_to(&actor(8, T0), &device("galaxy")));
    assert!(!Grant { person: person(2), ..grant() }.belongs_to(&holder, &device("galaxy")));
}

#[test]
fn a_grant_holds_five_minutes() {
    for (seconds, valid) in [(-1, false), (0, true), (300, true), (301, false)] {
        assert_eq!(grant().is_valid(T0.plus_seconds(seconds)), valid, "{seconds}");
    }
    assert_eq!(grant().remaining_millis(T0.plus_seconds(100)), 200_000);
    assert_eq!(grant().remaining_millis(T0.plus_seconds(301)), 0);
}

#[test]
fn a_passcode_is_shown_to_the_fresh_and_to_whom_it_was_shown() {
    let (now, submitting) = (T0.plus_seconds(301), SessionId(Uuid::from_u128(7)));
    let facts =
        RevealFacts { submitted_in: submitting, submitted_at: T0.plus_seconds(60), revealed_in: None };
    assert!(!may_reveal(&actor(7, T0), &facts, now));
    assert!(may_reveal(&actor(7, T0.plus_seconds(1)), &facts, now));
    assert!(!may_reveal(&actor(8, T0.plus_seconds(60)), &facts, now), "signed in before the reset");
    assert!(may_reveal(&actor(8, T0.plus_seconds(61)), &facts, now), "signed in since the reset");
    assert!(!may_reveal(&actor(7, now.plus_seconds(1)), &facts, now), "an authentication from the future");
    let shown = RevealFacts { revealed_in: Some(submitting), ..facts };
    assert!(may_reveal(&actor(7, T0), &shown, now));
    let unproven = Actor { proven_at: None, ..actor(7, T0) };
    assert!(!may_reveal(&unproven, &facts, T0.plus_seconds(61)));
    assert!(may_reveal(&unproven, &shown, now));
    assert!(!may_reveal(&actor(8, T0), &shown, now));
}

/// Around each edge of a window of `seconds` as much as anywhere else.
fn offset(seconds: i64) -> impl Strategy<Value = i64> {
    let edges = [0, seconds.min(WINDOW_SECONDS) * 1000, (seconds.min(WINDOW_SECONDS) + 1) * 1000];
    let near = (prop::sample::select(edges.to_vec()), -12_000_i64..12_000).prop_map(|(edge, by)| edge + by);
    let at = (prop::sample::select(edges.to_vec()), -2_i64..=2).prop_map(|(edge, by)| edge + by);
    prop_oneof![-700_000_i64..700_000, near, at]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000_000))]

    /// Whatever the clocks say: accepted means the same person, at most five minutes, and a proof not older than T0.
    #[test]
    fn no_sign_in_is_accepted_falsely(
        opened in 0_i64..4_000_000_000_000,
        (seconds, now_offset) in (1_i64..4_000).prop_flat_map(|seconds| (Just(seconds), offset(seconds))),
        proof_offset in prop::option::weighted(0.95, offset(WINDOW_SECONDS)),
        skew in prop_oneof![Just(0_i64), 0_i64..10_001],
        strong in prop::bool::weighted(0.9),
        same_person in prop::bool::weighted(0.9),
    ) {
        let window = SignInWindow { opened_at: Timestamp(opened), seconds, ..window() };
        let now = Timestamp(opened + now_offset);
        let at = proof_offset.map(|offset| Timestamp(opened + offset));
        let proof = Authentication { at, skew_millis: skew, strong };
        let who = person(if same_person { 1 } else { 2 });
        let in_time = now_offset >= 0 && now_offset < (seconds.min(300) + 1) * 1000;
        let fresh = proof_offset.is_some_and(|offset| offset >= -skew && offset <= now_offset + skew);
        let expected = match (same_person, in_time, fresh, strong) {
            (false, ..) => Verdict::AnotherPerson,
            (true, false, ..) => Verdict::Late,
            (true, true, false, _) => Verdict::NotFresh,
            (true, true, true, false) => Verdict::TooWeak,
            (true, true, true, true) => Verdict::Granted,
        };
        prop_assert_eq!(window.judge(who, proof, now), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Time that passes never gives time back.
    #[test]
    fn the_window_never_grows(first in 0_i64..400_000, later in 0_i64..400_000) {
        let (a, b) = (T0.plus_millis(first.min(later)), T0.plus_millis(first.max(later)));
        prop_assert!(window().remaining_millis(a) >= window().remaining_millis(b));
        prop_assert!(window().is_open(a) || !window().is_open(b));
    }
}

#[test]
fn a_proof_of_the_last_five_minutes_shows_a_passcode() {
    let now = Timestamp(1_800_000_000_000);
    let ago = |seconds: i64| Authentication::told(Some(now.plus_seconds(-seconds)), true);
    assert!(Authentication::local(now).reveals(now) && ago(0).reveals(now) && ago(300).reveals(now));
    assert!(!ago(301).reveals(now) && !ago(-11).reveals(now));
    assert!(!Authentication::told(None, true).reveals(now));
    assert!(!Authentication::told(Some(now), false).reveals(now));
}

use domain::Refusal;
use domain::command::Failure;
use domain::fleet::{Answer, CancelAnswer, Connector};
use domain::phone::{Hands, HandsError, Unlocking};

use super::tests::{World, cancel, outcome, passcode, reset, send};
use crate::fakes::person;
use crate::fleet::conformance::Outside;

#[tokio::test]
async fn the_demo_has_its_devices() {
    let world = World::new().await;
    let names = |phones: Vec<domain::device::Device>| phones.into_iter().map(|d| d.name).collect::<Vec<_>>();
    let of_ana = world.fleet.devices_of(&person("ana")).await.unwrap();
    assert_eq!(
        names(of_ana),
        [
            "Ana's Galaxy",
            "Ana's iPhone",
            "Ana's Lumia 950",
            "Ana's Lumia 635",
            "Ana's MacBook",
            "Ana's Surface"
        ]
    );
    let of_ben = world.fleet.devices_of(&person("ben")).await.unwrap();
    assert_eq!(names(of_ben), ["Ben's Pixel", "Ben's iPhone"]);
    assert!(world.fleet.phones().await.unwrap().iter().all(|phone| phone.locked && phone.has_passcode));
}

#[tokio::test]
async fn only_the_right_passcode_opens_and_wrong_tries_count_until_it_does() {
    let world = World::new().await;
    let device = world.device("Ana's Galaxy").await;
    send(&world, &reset(&world, &device)).await;
    world.wait(1).await;
    let wrong = world.fleet.unlock(&device.id, &"k7Rmwq3y".into()).await.unwrap();
    assert_eq!(wrong, Unlocking::WrongPasscode);
    world.fleet.unlock(&device.id, &"".into()).await.unwrap();
    assert_eq!(world.phone("Ana's Galaxy").await.wrong_tries, 2);
    assert!(world.phone("Ana's Galaxy").await.locked);
    assert_eq!(world.fleet.unlock(&device.id, &passcode()).await.unwrap(), Unlocking::Unlocked);
    let phone = world.phone("Ana's Galaxy").await;
    assert_eq!((phone.locked, phone.wrong_tries), (false, 0));
}

#[tokio::test]
async fn a_reset_locks_the_screen_and_forgets_the_old_passcode() {
    let world = World::new().await;
    let device = unlocked(&world, "Ana's Lumia 635").await;
    world.fleet.set_passcode(&device, &"my own".into()).await.unwrap();
    send(&world, &reset(&world, &world.device("Ana's Lumia 635").await)).await;
    world.wait(1).await;
    assert!(world.phone("Ana's Lumia 635").await.locked);
    assert_eq!(world.fleet.unlock(&device, &"my own".into()).await.unwrap(), Unlocking::WrongPasscode);
    assert_eq!(world.fleet.unlock(&device, &passcode()).await.unwrap(), Unlocking::Unlocked);
}

#[tokio::test]
async fn an_iphone_is_left_without_a_passcode_and_may_be_reset_again() {
    let world = World::new().await;
    let device = world.device("Ana's iPhone").await;
    for _ in 0..2 {
        let command = reset(&world, &device);
        world.fleet.send(&command, &person("ana"), None).await.unwrap();
        world.wait(1).await;
        assert!(matches!(outcome(&world, &command).await, Answer::Done { passcode: None }));
        let phone = world.phone("Ana's iPhone").await;
        assert!(phone.locked && !phone.has_passcode);
    }
    assert_eq!(world.fleet.unlock(&device.id, &"".into()).await.unwrap(), Unlocking::Unlocked);
}

#[tokio::test]
async fn a_repeated_send_is_journaled_and_not_executed_again() {
    let world = World::new().await;
    let command = reset(&world, &world.device("Ana's Galaxy").await);
    assert!(matches!(send(&world, &command).await, Answer::Accepted { .. }));
    assert!(matches!(send(&world, &command).await, Answer::Accepted { .. }));
    world.wait(1).await;
    world.wait(1).await;
    assert!(matches!(send(&world, &command).await, Answer::Done { passcode: None }));
    let journal = world.journal(command.id).await;
    assert_eq!(journal, ["received", "duplicate", "delivered", "executed", "duplicate"]);
}

#[tokio::test]
async fn what_is_cancelled_before_it_arrives_is_refused_when_it_does() {
    let world = World::new().await;
    let command = reset(&world, &world.device("Ana's Galaxy").await);
    assert_eq!(cancel(&world, &command).await, CancelAnswer::Cancelled);
    assert!(matches!(send(&world, &command).await, Answer::Expired));
    world.wait(2).await;
    assert_eq!(world.journal(command.id).await, ["cancelled", "duplicate"]);
}

#[tokio::test]
async fn what_the_phone_has_taken_cannot_be_cancelled_but_a_new_owner_is_kept_from_it() {
    let world = World::new().await;
    let device = world.device("Ana's Galaxy").await;
    let command = reset(&world, &device);
    send(&world, &command).await;
    let later = world.now().plus_seconds(1);
    world.fleet.check_in(later).await.unwrap();
    assert_eq!(cancel(&world, &command).await, CancelAnswer::TooLate);
    world.fleet.give_to(&device.id, "ben").await.unwrap();
    world.fleet.execute(later).await.unwrap();
    assert!(matches!(outcome(&world, &command).await, Answer::Failed(Failure::NoLongerYours)));
    assert_eq!(world.phone("Ana's Galaxy").await.owner, "BEN");
    assert_eq!(world.journal(command.id).await, ["received", "delivered", "refused"]);
}

#[tokio::test]
async fn a_restart_loses_nothing() {
    let world = World::new().await;
    let waiting = reset(&world, &world.device("Ana's Galaxy").await);
    let taken = reset(&world, &world.device("Ana's iPhone").await);
    send(&world, &taken).await;
    world.fleet.check_in(world.now().plus_seconds(1)).await.unwrap();
    world.set_online(&waiting.device, false).await;
    assert!(matches!(send(&world, &waiting).await, Answer::Waiting));

    let world = world.restart().await;
    assert_eq!(world.fleet.phones().await.unwrap().len(), 8);
    world.set_online(&waiting.device, true).await;
    world.wait(2).await;
    for command in [&waiting, &taken] {
        assert!(matches!(outcome(&world, command).await, Answer::Done { passcode: None }));
        assert_eq!(world.executions_of(command.id).await, 1);
    }
}

#[tokio::test]
async fn what_cannot_be_reset_is_refused_and_stays_refused() {
    let world = World::new().await;
    let computer = reset(&world, &world.device("Ana's MacBook").await);
    let retired = reset(&world, &world.device("Ana's Galaxy").await);
    world.retire(&retired.device).await;
    for (command, expected) in [(computer, Failure::DeviceRefused), (retired, Failure::Retired)] {
        for answer in [send(&world, &command).await, outcome(&world, &command).await] {
            assert!(matches!(answer, Answer::Failed(failure) if failure == expected), "{answer:?}");
        }
        assert_eq!(world.journal(command.id).await, ["refused"]);
    }
}

#[tokio::test]
async fn only_an_unlocked_phone_takes_a_passcode() {
    let world = World::new().await;
    let locked = world.device("Ana's Galaxy").await.id;
    let refused = world.fleet.set_passcode(&locked, &"mine".into()).await;
    assert!(matches!(refused, Err(HandsError::Refused(Refusal::PhoneLocked))));

    let device = unlocked(&world, "Ana's Lumia 950").await;
    world.fleet.set_passcode(&device, &"mine".into()).await.unwrap();
    world.fleet.lock(&device).await.unwrap();
    assert_eq!(world.fleet.unlock(&device, &passcode()).await.unwrap(), Unlocking::WrongPasscode);
    assert_eq!(world.fleet.unlock(&device, &"mine".into()).await.unwrap(), Unlocking::Unlocked);
    world.fleet.set_passcode(&device, &"".into()).await.unwrap();
    assert!(!world.phone("Ana's Lumia 950").await.has_passcode);
}

#[tokio::test]
async fn unknown_phones_and_people_are_not_found() {
    let world = World::new().await;
    let unknown = "virtual.nothing".parse().unwrap();
    let elsewhere = format!("intune.{}", world.device("Ana's Galaxy").await.id.external()).parse().unwrap();
    for id in [&unknown, &elsewhere] {
        let refused = world.fleet.lock(id).await;
        assert!(matches!(refused, Err(HandsError::Refused(Refusal::NotFound))));
        assert_eq!(world.fleet.device_of(&person("ana"), id).await.unwrap(), None);
    }
    let refused = world.fleet.give_to(&world.device("Ana's Galaxy").await.id, "zoe").await;
    assert!(matches!(refused, Err(HandsError::Refused(Refusal::NotFound))));
}

#[tokio::test]
async fn no_passcode_is_on_disk() {
    let world = World::new().await;
    let device = unlocked(&world, "Ana's Galaxy").await;
    world.fleet.set_passcode(&device, &"own-code-canary".into()).await.unwrap();
    let disk = world.on_disk();
    assert!(contains(&disk, b"$argon2id$"));
    assert!(!contains(&disk, b"k7Rmwq3x") && !contains(&disk, b"own-code-canary"));
}

async fn unlocked(world: &World, name: &str) -> domain::device::DeviceId {
    let device = world.device(name).await;
    send(world, &reset(world, &device)).await;
    world.wait(1).await;
    assert_eq!(world.fleet.unlock(&device.id, &passcode()).await.unwrap(), Unlocking::Unlocked);
    device.id
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[tokio::test]
async fn a_device_given_away_or_retired_while_it_waits_is_not_reset() {
    for (given_away, expected) in [(true, Failure::NoLongerYours), (false, Failure::Retired)] {
        let world = World::new().await;
        let command = reset(&world, &world.device("Ana's Galaxy").await);
        world.set_online(&command.device, false).await;
        assert!(matches!(send(&world, &command).await, Answer::Waiting));
        if given_away {
            world.give_to_ben(&command.device).await;
        } else {
            world.retire(&command.device).await;
        }
        world.set_online(&command.device, true).await;
        world.wait(2).await;
        let answer = outcome(&world, &command).await;
        assert!(matches!(answer, Answer::Failed(failure) if failure == expected), "{answer:?}");
        assert_eq!(world.executions_of(command.id).await, 0);
    }
}

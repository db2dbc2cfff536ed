//! What the portal's worker relies on, whatever the MDM. Every connector runs the whole story.

use async_trait::async_trait;
use domain::Timestamp;
use domain::command::{COMMAND_SECONDS, Command, CommandId, CommandKind, CommandState, Failure};
use domain::device::{Capability, Device, DeviceId};
use domain::person::{Person, PersonId};
use domain::ports::{Answer, CancelAnswer, Connector};
use secrecy::SecretString;

use crate::fakes::new_id;

/// An MDM with devices under it, as its own administrator and its people hold them.
#[async_trait]
pub trait Outside: Send + Sync {
    fn connector(&self) -> &dyn Connector;
    /// Has at least one device that can be reset, online.
    fn owner(&self) -> Person;
    fn stranger(&self) -> Person;
    fn now(&self) -> Timestamp;
    /// Time passes, for the MDM and its devices.
    async fn wait(&self, seconds: i64);
    async fn set_online(&self, device: &DeviceId, online: bool);
    async fn retire(&self, device: &DeviceId);
    async fn give_to_stranger(&self, device: &DeviceId);
    /// How often the device did what this command asks.
    async fn executions(&self, command: CommandId) -> usize;
}

/// Every chapter gets an MDM of its own.
pub async fn whole_story<O: Outside>(outside: impl AsyncFn() -> O) {
    devices_are_their_owners_alone(&outside().await).await;
    a_device_gone_is_no_device(&outside().await).await;
    a_reset_is_done_once(&outside().await).await;
    a_reset_waits_for_its_device(&outside().await).await;
    what_was_never_sent_never_arrived(&outside().await).await;
    a_waiting_reset_is_cancelled(&outside().await).await;
    a_done_reset_is_not_cancelled(&outside().await).await;
    a_reset_of_somebody_elses_device_fails(&outside().await).await;
    a_device_given_away_while_it_waits_is_not_reset(&outside().await).await;
    a_device_retired_while_it_waits_is_not_reset(&outside().await).await;
    a_reset_that_waited_too_long_expires(&outside().await).await;
}

async fn devices_are_their_owners_alone(outside: &impl Outside) {
    let connector = outside.connector();
    let device = resettable(outside).await;
    assert_eq!(device.id.fleet(), connector.fleet());
    assert!(device.online);
    let found = connector.device_of(&outside.owner(), &device.id).await.unwrap();
    assert_eq!(found, Some(device.clone()));
    assert_eq!(connector.device_of(&outside.stranger(), &device.id).await.unwrap(), None);
    let theirs = connector.devices_of(&outside.stranger()).await.unwrap();
    assert!(theirs.iter().all(|other| other.id != device.id));
    let unknown = DeviceId::new(connector.fleet(), "unknown").unwrap();
    assert_eq!(connector.device_of(&outside.owner(), &unknown).await.unwrap(), None);
}

async fn a_device_gone_is_no_device(outside: &impl Outside) {
    let device = resettable(outside).await;
    outside.retire(&device.id).await;
    let connector = outside.connector();
    assert_eq!(connector.device_of(&outside.owner(), &device.id).await.unwrap(), None);
    let left = connector.devices_of(&outside.owner()).await.unwrap();
    assert!(left.iter().all(|other| other.id != device.id));
}

async fn a_reset_is_done_once(outside: &impl Outside) {
    let command = reset(outside, &resettable(outside).await);
    assert!(is_open(&send(outside, &command).await));
    outside.wait(2).await;
    assert!(matches!(outcome(outside, &command).await, Answer::Done { .. }));
    if outside.connector().promises().deduplicates {
        assert!(matches!(send(outside, &command).await, Answer::Done { .. }));
        outside.wait(2).await;
    }
    assert_eq!(outside.executions(command.id).await, 1);
}

async fn a_reset_waits_for_its_device(outside: &impl Outside) {
    let device = resettable(outside).await;
    outside.set_online(&device.id, false).await;
    outside.wait(10).await;
    let seen = outside.connector().device_of(&outside.owner(), &device.id).await.unwrap().unwrap();
    assert!(!seen.online);

    let command = reset(outside, &device);
    assert!(is_open(&send(outside, &command).await));
    outside.wait(10).await;
    assert!(is_open(&outcome(outside, &command).await));
    assert_eq!(outside.executions(command.id).await, 0);

    outside.set_online(&device.id, true).await;
    outside.wait(2).await;
    assert!(matches!(outcome(outside, &command).await, Answer::Done { .. }));
    assert_eq!(outside.executions(command.id).await, 1);
}

async fn what_was_never_sent_never_arrived(outside: &impl Outside) {
    let command = reset(outside, &resettable(outside).await);
    assert!(matches!(outcome(outside, &command).await, Answer::NeverArrived));
}

async fn a_waiting_reset_is_cancelled(outside: &impl Outside) {
    let device = resettable(outside).await;
    outside.set_online(&device.id, false).await;
    let command = reset(outside, &device);
    send(outside, &command).await;
    assert_eq!(cancel(outside, &command).await, CancelAnswer::Cancelled);
    assert_eq!(cancel(outside, &command).await, CancelAnswer::Cancelled);
    outside.set_online(&device.id, true).await;
    outside.wait(2).await;
    assert!(matches!(outcome(outside, &command).await, Answer::Expired));
    assert_eq!(outside.executions(command.id).await, 0);
}

async fn a_done_reset_is_not_cancelled(outside: &impl Outside) {
    let command = reset(outside, &resettable(outside).await);
    send(outside, &command).await;
    outside.wait(2).await;
    assert_eq!(cancel(outside, &command).await, CancelAnswer::TooLate);
    assert!(matches!(outcome(outside, &command).await, Answer::Done { .. }));
}

async fn a_reset_of_somebody_elses_device_fails(outside: &impl Outside) {
    let command = reset(outside, &resettable(outside).await);
    let passcode = passcode();
    let answer = outside.connector().send(&command, &outside.stranger(), Some(&passcode)).await.unwrap();
    assert!(matches!(answer, Answer::Failed(Failure::NoLongerYours)), "{answer:?}");
    outside.wait(2).await;
    assert_eq!(outside.executions(command.id).await, 0);
}

async fn a_device_given_away_while_it_waits_is_not_reset(outside: &impl Outside) {
    let command = waiting_reset(outside).await;
    outside.give_to_stranger(&command.device).await;
    fails_untouched(outside, &command, Failure::NoLongerYours).await;
}

async fn a_device_retired_while_it_waits_is_not_reset(outside: &impl Outside) {
    let command = waiting_reset(outside).await;
    outside.retire(&command.device).await;
    fails_untouched(outside, &command, Failure::Retired).await;
}

async fn a_reset_that_waited_too_long_expires(outside: &impl Outside) {
    let command = waiting_reset(outside).await;
    outside.wait(COMMAND_SECONDS).await;
    outside.set_online(&command.device, true).await;
    outside.wait(2).await;
    assert!(matches!(outcome(outside, &command).await, Answer::Expired));
    assert_eq!(outside.executions(command.id).await, 0);
}

async fn waiting_reset(outside: &impl Outside) -> Command {
    let device = resettable(outside).await;
    outside.set_online(&device.id, false).await;
    let command = reset(outside, &device);
    assert!(is_open(&send(outside, &command).await));
    command
}

async fn fails_untouched(outside: &impl Outside, command: &Command, expected: Failure) {
    outside.set_online(&command.device, true).await;
    outside.wait(2).await;
    let answer = outcome(outside, command).await;
    assert!(matches!(answer, Answer::Failed(failure) if failure == expected), "{answer:?}");
    assert_eq!(outside.executions(command.id).await, 0);
}

async fn resettable(outside: &impl Outside) -> Device {
    let devices = outside.connector().devices_of(&outside.owner()).await.unwrap();
    devices.into_iter().find(|device| device.reset == Capability::Possible).unwrap()
}

pub fn reset(outside: &impl Outside, device: &Device) -> Command {
    Command {
        id: CommandId(new_id()),
        kind: CommandKind::ResetPasscode,
        person: PersonId(outside.owner().id.0),
        device: device.id.clone(),
        device_name: device.name.clone(),
        platform: device.platform,
        policy: device.policy,
        state: CommandState::Sending,
        failure: None,
        created_at: outside.now(),
        deadline: outside.now().plus_seconds(COMMAND_SECONDS),
    }
}

pub async fn send(outside: &impl Outside, command: &Command) -> Answer {
    outside.connector().send(command, &outside.owner(), Some(&passcode())).await.unwrap()
}

pub async fn outcome(outside: &impl Outside, command: &Command) -> Answer {
    outside.connector().outcome(command).await.unwrap()
}

pub async fn cancel(outside: &impl Outside, command: &Command) -> CancelAnswer {
    outside.connector().cancel(command).await.unwrap()
}

fn is_open(answer: &Answer) -> bool {
    matches!(answer, Answer::Accepted | Answer::Waiting)
}

pub fn passcode() -> SecretString {
    "k7Rmwq3x".into()
}

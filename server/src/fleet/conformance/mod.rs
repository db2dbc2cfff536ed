//! What the portal relies on, whatever the MDM: the whole way from the click to the notification, with the real rows and
//! the real worker, once for each connector. What an MDM cannot do, its [`Promises`] say, and the story holds it to that.

mod scene;
mod stand_ins;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::Refusal;
use domain::command::{COMMAND_SECONDS, CommandState, Failure};
use domain::device::{Capability, Device, DeviceId, Platform, WhyNot};
use domain::fleet::{Connector, Unclear};
use domain::passcode::PasscodePolicy;
use domain::person::Person;

pub use self::scene::Scene;
pub use self::stand_ins::World;
use crate::fakes::{FakeClock, person};

/// An MDM with devices under it, as its own administrator and its people hold them.
#[async_trait]
pub trait Outside: Send + Sync {
    fn connector(&self) -> Arc<dyn Connector>;
    fn clock(&self) -> Arc<FakeClock>;
    /// Ana's, that can be reset and is online.
    fn device(&self) -> DeviceId;
    /// Ana's, that cannot, and why.
    fn unready(&self) -> (DeviceId, WhyNot);
    /// What is known of it when it is asked for.
    fn policy(&self) -> (Platform, PasscodePolicy);
    /// How many devices are Ana's.
    fn count(&self) -> usize;
    /// Some time has passed for the MDM and its devices.
    async fn pass(&self);
    async fn set_online(&self, device: &DeviceId, online: bool);
    async fn retire(&self, device: &DeviceId);
    async fn give_to_ben(&self, device: &DeviceId);
    /// How often the device was reset, and with which passcodes.
    async fn executions(&self, device: &DeviceId) -> Vec<Option<String>>;
    async fn opens(&self, device: &DeviceId, passcode: Option<&str>) -> bool;
    /// An MDM in this process has no network to suffer from: false.
    fn suffer(&self, _trouble: Trouble) -> bool {
        false
    }
    fn recover(&self) {}
    /// Whether the device can be made to refuse.
    fn device_refuses(&self) -> bool {
        false
    }
    /// Where its events go, if it has any.
    fn tell(&self, _address: &str) {}
    /// Says again whatever it has said, the last first.
    async fn repeat(&self) {}
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Asks for a pause.
    Throttled {
        seconds: u32,
    },
    /// Nothing comes back from any question.
    Dead,
    /// The order arrives, and the answer is lost or comes too late.
    AnswerLost,
    AnswerLate(Duration),
    /// The order gets 500 and does not arrive.
    OrderFails,
    /// What comes back is not what was asked for.
    Html,
    Huge,
    Redirected,
    AnotherDevice,
    HalfJson,
}

/// Every chapter gets an MDM of its own.
pub async fn whole_story<O: Outside>(outside: impl AsyncFn() -> O) {
    devices_are_their_owners_alone(outside().await).await;
    a_device_gone_is_no_device(outside().await).await;
    what_cannot_be_reset_says_why(outside().await).await;
    a_reset_is_done_and_told_once(outside().await).await;
    a_reset_waits_for_its_device(outside().await).await;
    a_device_refuses(outside().await).await;
    a_device_given_away_before_is_not_reset(outside().await).await;
    a_device_retired_before_is_not_reset(outside().await).await;
    what_was_not_sent_is_cancelled(outside().await).await;
    what_waits_is_cancelled_where_that_can_be(outside().await).await;
    what_is_done_is_not_cancelled(outside().await).await;
    a_device_that_stays_away(outside().await).await;
    an_mdm_that_is_throttled(outside().await).await;
    an_mdm_that_is_dead(outside().await).await;
    for trouble in
        [Trouble::AnswerLost, Trouble::AnswerLate(Duration::from_millis(1_500)), Trouble::OrderFails]
    {
        an_order_without_an_answer(outside().await, trouble).await;
    }
    for trouble in
        [Trouble::Html, Trouble::Huge, Trouble::Redirected, Trouble::AnotherDevice, Trouble::HalfJson]
    {
        an_answer_that_makes_no_sense(outside().await, trouble).await;
    }
}

async fn devices_are_their_owners_alone(outside: impl Outside) {
    let scene = Scene::of(outside).await;
    let (connector, outside) = (scene.outside.connector(), &scene.outside);
    let theirs = connector.devices_of(&scene.story.ana).await.unwrap();
    assert_eq!(theirs.len(), outside.count(), "all of them, over however many pages");
    let device = theirs.iter().find(|device| device.id == outside.device()).unwrap();
    assert_eq!(device.id.fleet(), connector.fleet());
    assert!(device.online && device.reset == Capability::Possible);
    assert!(!device.name.is_empty() && !device.system.is_empty(), "{device:?}");
    let read = connector.device_of(&scene.story.ana, &device.id).await.unwrap().unwrap();
    assert_eq!((&read.id, &read.name, read.reset), (&device.id, &device.name, device.reset));

    let ben = person("ben");
    assert_eq!(connector.device_of(&ben, &device.id).await.unwrap(), None);
    let of_ben = connector.devices_of(&ben).await.unwrap();
    assert!(of_ben.iter().all(|other| other.id != device.id));
    for unknown in ["unknown", "99999"] {
        let unknown = DeviceId::new(connector.fleet(), unknown).unwrap();
        assert_eq!(connector.device_of(&scene.story.ana, &unknown).await.unwrap(), None);
    }
    // Whoever has no address has nothing.
    let nobody = Person { email: String::new(), user_name: String::new(), ..ben };
    assert_eq!(connector.devices_of(&nobody).await.unwrap(), []);

    outside.give_to_ben(&device.id).await;
    scene.pass(10_000).await;
    assert_eq!(connector.device_of(&scene.story.ana, &device.id).await.unwrap(), None);
}

async fn a_device_gone_is_no_device(outside: impl Outside) {
    let scene = Scene::of(outside).await;
    let device = scene.outside.device();
    scene.outside.retire(&device).await;
    scene.pass(10_000).await;
    let connector = scene.outside.connector();
    assert_eq!(connector.device_of(&scene.story.ana, &device).await.unwrap(), None);
    let left = connector.devices_of(&scene.story.ana).await.unwrap();
    assert!(left.iter().all(|other| other.id != device));
}

async fn what_cannot_be_reset_says_why(outside: impl Outside) {
    let scene = Scene::of(outside).await;
    let (unready, why) = scene.outside.unready();
    let device = scene.device(&unready).await;
    assert_eq!(device.reset, Capability::Impossible(why));
    assert_eq!(scene.try_submit(&unready).await, Err(Refusal::NotPossible(why)));
    // Neither is it when the portal believes that it could.
    let optimist = Device { reset: Capability::Possible, ..device };
    scene.submit_as(&optimist).await;
    let state = scene.end().await;
    assert!(matches!(state, CommandState::Failed), "{state:?}");
    assert_eq!(scene.outside.executions(&unready).await, Vec::<Option<String>>::new());
}

async fn a_reset_is_done_and_told_once(outside: impl Outside) {
    let scene = Scene::of(outside).await;
    let device = scene.outside.device();
    assert!(!scene.outside.opens(&device, None).await, "it has a passcode that nobody knows");
    scene.submit().await;
    assert_eq!(scene.end().await, CommandState::Done);
    scene.assert_done_once().await;
    // Said twice, late and in another order, it stays as it is.
    scene.outside.repeat().await;
    scene.pass(60_000).await;
    assert_eq!(scene.state().await, CommandState::Done);
    scene.assert_done_once().await;

    // And once more, soon after.
    scene.submit().await;
    assert_eq!(scene.end().await, CommandState::Done);
    assert_eq!(scene.outside.executions(&device).await.len(), 2);
    assert!(scene.outside.opens(&device, scene.kept_passcode().await.as_deref()).await);
}

async fn a_reset_waits_for_its_device(outside: impl Outside) {
    let scene = Scene::of(outside).await;
    let device = scene.outside.device();
    scene.outside.set_online(&device, false).await;
    scene.submit().await;
    scene.go_on(60_000).await;
    let state = scene.state().await;
    assert!(matches!(state, CommandState::Sent | CommandState::Waiting), "{state:?}");
    assert!(scene.outside.executions(&device).await.is_empty());
    scene.outside.set_online(&device, true).await;
    assert_eq!(scene.end().await, CommandState::Done);
    scene.assert_done_once().await;
}

async fn a_device_refuses(outside: impl Outside) {
    let scene = Scene::of(outside).await;
    if !scene.outside.device_refuses() {
        return;
    }
    scene.submit().await;
    assert_eq!(scene.end().await, CommandState::Failed);
    assert_eq!(scene.failure().await, Some(Failure::DeviceRefused));
    scene.assert_untouched().await;
}

async fn a_device_given_away_before_is_not_reset(outside: impl Outside) {
    let scene = Scene::of(outside).await;
    scene.submit().await;
    scene.outside.give_to_ben(&scene.outside.device()).await;
    assert_eq!(scene.end().await, CommandState::Failed);
    assert_eq!(scene.failure().await, Some(Failure::NoLongerYours));
    scene.assert_untouched().await;
}

async fn a_device_retired_before_is_not_reset(outside: impl Outside) {
    let scene = Scene::of(outside).await;
    scene.submit().await;
    scene.outside.retire(&scene.outside.device()).await;
    scene.pass(1_000).await;
    assert_eq!(scene.end().await, CommandState::Failed);
    assert_eq!(scene.failure().await, Some(Failure::Retired));
    scene.assert_untouched().await;
}

async fn what_was_not_sent_is_cancelled(outside: impl Outside) {
    let scene = Scene::of(outside).await;
    scene.submit().await;
    assert_eq!(scene.cancel().await, Ok(()));
    assert_eq!(scene.state().await, CommandState::Cancelled);
    scene.go_on(60_000).await;
    scene.assert_untouched().await;
}

async fn what_waits_is_cancelled_where_that_can_be(outside: impl Outside) {
    let scene = Scene::of(outside).await;
    let device = scene.outside.device();
    scene.outside.set_online(&device, false).await;
    scene.submit().await;
    scene.go_on(10_000).await;
    let cancels = scene.outside.connector().promises().cancels;
    assert_eq!(scene.cancel().await, if cancels { Ok(()) } else { Err(Refusal::TooLateToCancel) });
    scene.outside.set_online(&device, true).await;
    if cancels {
        scene.go_on(60_000).await;
        assert_eq!(scene.state().await, CommandState::Cancelled);
        scene.assert_untouched().await;
    } else {
        assert_eq!(scene.end().await, CommandState::Done);
        scene.assert_done_once().await;
    }
}

async fn what_is_done_is_not_cancelled(outside: impl Outside) {
    let scene = Scene::of(outside).await;
    scene.submit().await;
    scene.end().await;
    assert_eq!(scene.cancel().await, Err(Refusal::NotFound));
    scene.assert_done_once().await;
}

/// Who can take it back does; who cannot says that nobody knows.
async fn a_device_that_stays_away(outside: impl Outside) {
    let scene = Scene::of(outside).await;
    scene.outside.set_online(&scene.outside.device(), false).await;
    scene.submit().await;
    scene.go_on(10_000).await;
    scene.pass((COMMAND_SECONDS + 61) * 1000).await;
    let state = scene.end().await;
    if scene.outside.connector().promises().cancels {
        assert_eq!(state, CommandState::Expired);
    } else {
        assert_eq!((state, scene.failure().await), (CommandState::Failed, Some(Failure::Unknown)));
    }
    scene.assert_untouched().await;
}

async fn an_mdm_that_is_throttled(outside: impl Outside) {
    let scene = Scene::of(outside).await;
    if !scene.outside.suffer(Trouble::Throttled { seconds: 37 }) {
        return;
    }
    scene.submit().await;
    scene.turn().await;
    let command = scene.command().await;
    // Whoever can only look what became of an order looks before it as well, and has not even begun.
    let looks = matches!(scene.outside.connector().promises().unclear, Unclear::Look { .. });
    let expected = if looks { CommandState::Queued } else { CommandState::Sending };
    assert_eq!((command.state, command.sent_at), (expected, None));
    let asked = scene.outside.executions(&scene.outside.device()).await.len();
    let due = scene.story.store.next_due().await.unwrap().unwrap();
    assert!(due.seconds_since(scene.story.now()) >= 36, "it is left alone for as long as it asks");
    scene.outside.recover();
    assert_eq!((scene.end().await, asked), (CommandState::Done, 0));
    scene.assert_done_once().await;
}

async fn an_mdm_that_is_dead(outside: impl Outside) {
    let scene = Scene::of(outside).await;
    if !scene.outside.suffer(Trouble::Dead) {
        return;
    }
    scene.submit().await;
    scene.go_on(120_000).await;
    let state = scene.state().await;
    assert!(!state.is_final(), "{state:?}");
    scene.outside.recover();
    assert_eq!(scene.end().await, CommandState::Done);
    scene.assert_done_once().await;
}

/// Nobody knows whether it arrived. It happens once where that can be found out or does not matter; else it is said.
async fn an_order_without_an_answer(outside: impl Outside, trouble: Trouble) {
    let scene = Scene::of(outside).await;
    if !scene.outside.suffer(trouble) {
        return;
    }
    scene.submit().await;
    scene.turn().await;
    scene.outside.recover();
    let (state, failure) = (scene.end().await, scene.failure().await);
    let happened = scene.outside.executions(&scene.outside.device()).await;
    let arrived = trouble != Trouble::OrderFails;
    match scene.outside.connector().promises().unclear {
        Unclear::SendAgain => {
            assert_eq!((state, failure), (CommandState::Done, None), "{trouble:?}");
            scene.assert_done().await;
            assert!(happened.iter().all(|passcode| *passcode == happened[0]), "{trouble:?}: {happened:?}");
        }
        Unclear::Look { .. } if arrived => {
            assert_eq!(state, CommandState::Done, "{trouble:?}");
            scene.assert_done_once().await;
        }
        Unclear::Look { .. } | Unclear::GiveUp => {
            assert_eq!((state, failure), (CommandState::Failed, Some(Failure::Unknown)), "{trouble:?}");
            assert_eq!(happened.len(), usize::from(arrived), "{trouble:?}");
            assert_eq!(scene.news().await, 1);
        }
    }
}

/// Nothing is shown, decided or told done by it; afterwards all is as if it had never been.
async fn an_answer_that_makes_no_sense(outside: impl Outside, trouble: Trouble) {
    let scene = Scene::of(outside).await;
    if !scene.outside.suffer(trouble) {
        return;
    }
    let device = scene.outside.device();
    let (connector, ana) = (scene.outside.connector(), scene.story.ana.clone());
    if let Ok(Some(shown)) = connector.device_of(&ana, &device).await {
        assert_eq!(shown.id, device, "{trouble:?}");
    }
    scene.submit_known(&device).await;
    scene.go_on(20_000).await;
    // What an MDM tells of its own accord is no answer, and true.
    let believed = scene.state().await == CommandState::Done;
    assert!(!believed || scene.outside.executions(&device).await.len() == 1, "{trouble:?}");
    scene.outside.recover();
    let (state, failure) = (scene.end().await, scene.failure().await);
    let happened = scene.outside.executions(&device).await;
    assert!(happened.iter().all(|passcode| *passcode == happened[0]), "{trouble:?}: {happened:?}");
    match state {
        CommandState::Done => scene.assert_done().await,
        _ => assert!(
            matches!(
                failure,
                Some(Failure::Unknown | Failure::MdmRefused | Failure::Retired | Failure::NoLongerYours)
            ),
            "{trouble:?}: {failure:?}"
        ),
    }
    assert_eq!(scene.news().await, 1, "{trouble:?}");
}

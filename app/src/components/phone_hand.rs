use std::time::Duration;

use domain::device::DeviceId;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos::task::spawn_local;

use crate::api::phones::{PhoneView, phone};
use crate::error::AppError;

/// How often an open page asks how its phone is: as often as the phone asks its MDM.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A phone someone holds. What a page shows of it are memos, so that looking again every second draws only what
/// changed and keeps what is being typed.
#[derive(Clone, Copy)]
pub struct InHand {
    pub id: StoredValue<DeviceId>,
    pub locked: Memo<bool>,
    pub has_passcode: Memo<bool>,
    pub online: Memo<bool>,
    pub retired: Memo<bool>,
    pub wrong_tries: Memo<u32>,
    pub owner: Memo<String>,
    pub minute: Memo<i64>,
    /// The last thing asked of it did not happen.
    pub failed: RwSignal<bool>,
    view: RwSignal<PhoneView>,
    looking: StoredValue<bool>,
}

impl InHand {
    pub fn new(first: PhoneView) -> Self {
        let id = StoredValue::new(first.phone.id.clone());
        let view = RwSignal::new(first);
        Self {
            id,
            locked: Memo::new(move |_| view.with(|seen| seen.phone.locked)),
            has_passcode: Memo::new(move |_| view.with(|seen| seen.phone.has_passcode)),
            online: Memo::new(move |_| view.with(|seen| seen.phone.online)),
            retired: Memo::new(move |_| view.with(|seen| seen.phone.retired)),
            wrong_tries: Memo::new(move |_| view.with(|seen| seen.phone.wrong_tries)),
            owner: Memo::new(move |_| view.with(|seen| seen.phone.owner.clone())),
            minute: Memo::new(move |_| view.with(|seen| seen.now.0.div_euclid(60_000))),
            failed: RwSignal::new(false),
            view,
            looking: StoredValue::new(false),
        }
    }

    pub fn device(self) -> String {
        self.id.with_value(ToString::to_string)
    }

    /// In a browser the page looks again while somebody looks at it.
    pub fn keep_looking(self) {
        Effect::new(move || {
            let timer = set_interval_with_handle(
                move || {
                    if !document().hidden() {
                        self.look();
                    }
                },
                LOOK_AGAIN,
            );
            if let Ok(timer) = timer {
                on_cleanup(move || timer.clear());
            }
        });
    }

    /// An action for one of the phone's forms: when it ended, the page looks at once and says if it failed.
    pub fn action<S>(self) -> ServerAction<S>
    where
        S: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
        S::Output: Send + Sync + 'static,
    {
        let action = ServerAction::<S>::new();
        Effect::new(move || {
            if action.version().get() > 0 {
                self.failed.set(action.value().with_untracked(|value| matches!(value, Some(Err(_)))));
                self.look();
            }
        });
        action
    }

    /// One question at a time: a slow answer must not be overtaken by an older one. The page may be gone by then.
    fn look(self) {
        if self.looking.try_get_value() != Some(false) {
            return;
        }
        self.looking.set_value(true);
        spawn_local(async move {
            let Some(id) = self.id.try_get_value() else { return };
            if let Ok(seen) = phone(id).await {
                self.view.try_set(seen);
            }
            self.looking.try_set_value(false);
        });
    }
}

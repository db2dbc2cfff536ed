use domain::Refusal;
use domain::device::DeviceId;
use leptos::html::Input;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos::task::spawn_local;

use crate::api::phones::{PhoneView, phone};
use crate::browser;
use crate::error::AppError;

/// How often an open page asks how its phone is: as often as the phone asks its MDM.
const LOOK_AGAIN_MILLIS: u32 = 1000;

/// A phone someone holds. What a page shows of it are memos, so that looking again every second draws only what
/// changed and keeps what is being typed.
#[derive(Clone, Copy)]
pub struct InHand {
    pub locked: Memo<bool>,
    pub has_passcode: Memo<bool>,
    pub online: Memo<bool>,
    pub retired: Memo<bool>,
    pub wrong_tries: Memo<u32>,
    pub owner: Memo<String>,
    pub minute: Memo<i64>,
    /// The last thing asked of it did not happen.
    pub refused: RwSignal<Option<Refusal>>,
    id: StoredValue<DeviceId>,
    seen: RwSignal<PhoneView>,
    looking: StoredValue<bool>,
}

impl InHand {
    pub fn new(first: PhoneView) -> Self {
        let id = StoredValue::new(first.phone.id.clone());
        let seen = RwSignal::new(first);
        Self {
            locked: Memo::new(move |_| seen.read().phone.locked),
            has_passcode: Memo::new(move |_| seen.read().phone.has_passcode),
            online: Memo::new(move |_| seen.read().phone.online),
            retired: Memo::new(move |_| seen.read().phone.retired),
            wrong_tries: Memo::new(move |_| seen.read().phone.wrong_tries),
            owner: Memo::new(move |_| seen.read().phone.owner.clone()),
            minute: Memo::new(move |_| seen.read().now.0.div_euclid(60_000)),
            refused: RwSignal::new(None),
            id,
            seen,
            looking: StoredValue::new(false),
        }
    }

    pub fn device(self) -> String {
        self.id.with_value(ToString::to_string)
    }

    /// In a browser the page looks again while somebody looks at it.
    pub fn keep_looking(self) {
        let timer = StoredValue::new(None);
        Effect::new(move || {
            let look = move || {
                if browser::is_seen() {
                    self.look();
                }
            };
            timer.set_value(Some(browser::every(LOOK_AGAIN_MILLIS, look)));
        });
    }

    /// An action for one of the phone's forms: when it ended, the page looks at once and says if it was refused.
    pub fn action<S>(self) -> ServerAction<S>
    where
        S: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
        S::Output: Clone + Send + Sync + 'static,
    {
        let action = ServerAction::<S>::new();
        Effect::new(move || {
            if action.version().get() > 0 {
                let refused = action.value().get_untracked().and_then(Result::err);
                self.refused.set(refused.map(|error| error.0));
                self.look();
            }
        });
        action
    }

    /// The same for a form with a field, which is empty again afterwards: as on a phone, what was typed is not left standing.
    pub fn action_from<S>(self, field: NodeRef<Input>) -> ServerAction<S>
    where
        S: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
        S::Output: Clone + Send + Sync + 'static,
    {
        let action = self.action::<S>();
        Effect::new(move || {
            if action.version().get() > 0
                && let Some(field) = field.get_untracked()
            {
                field.set_value("");
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
                self.seen.try_set(seen);
            }
            self.looking.try_set_value(false);
        });
    }
}

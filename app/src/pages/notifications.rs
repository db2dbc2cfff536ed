use leptos::either::Either;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_meta::Title;

use crate::api::mark_read::MarkRead;
use crate::api::notifications::{Notifications, notifications};
use crate::components::notification_item::NotificationItem;
use crate::components::refused::{PageRefused, Refused};
use crate::live::use_live;
use crate::words::language;

#[component]
pub fn NotificationsPage() -> impl IntoView {
    let live = use_live();
    let mark = ServerAction::<MarkRead>::new();
    let all = Resource::new_blocking(move || (live.version.get(), mark.version().get()), |_| notifications());
    view! {
        <Transition>
            {move || Suspend::new(async move {
                match all.await {
                    Ok(all) => Either::Left(view! { <List all mark/> }),
                    Err(error) => Either::Right(view! { <PageRefused refusal=error.0/> }),
                }
            })}
        </Transition>
    }
}

#[component]
fn List(all: Notifications, mark: ServerAction<MarkRead>) -> impl IntoView {
    let l = language();
    let Notifications { list, now } = all;
    let newest = list.iter().map(|notification| notification.cursor).max();
    let unread = newest.filter(|_| list.iter().any(|notification| !notification.read));
    let empty = list.is_empty();
    let items =
        list.into_iter().map(|notification| view! { <NotificationItem notification now/> }).collect_view();
    let title = td_string!(l, portal.notifications.title);
    view! {
        <Title text=title/>
        <h1>{title}</h1>
        {unread.map(|cursor| view! { <MarkAll cursor mark/> })}
        {if empty {
            Either::Left(view! { <p>{td_string!(l, portal.notifications.none)}</p> })
        } else {
            Either::Right(view! { <ul class="news-list">{items}</ul> })
        }}
    }
}

/// Up to the newest one on this page: what arrives meanwhile stays unread.
#[component]
fn MarkAll(cursor: i64, mark: ServerAction<MarkRead>) -> impl IntoView {
    let refused = move || mark.value().get().and_then(Result::err);
    view! {
        {move || refused().map(|error| view! { <Refused refusal=error.0/> })}
        <ActionForm action=mark>
            <input type="hidden" name="cursor" value=cursor.to_string()/>
            <button class="button" type="submit">{td_string!(language(), portal.notifications.mark)}</button>
        </ActionForm>
    }
}

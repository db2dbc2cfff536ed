use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_i18n::td_string;
use leptos_meta::Title;

use crate::api::mark_read::MarkRead;
use crate::api::notifications::{Notifications, notifications};
use crate::components::live::Live;
use crate::components::notification_item::NotificationItem;
use crate::components::refused::PageRefused;
use crate::words::language;

#[component]
pub fn NotificationsPage() -> impl IntoView {
    let all = Resource::new_blocking(|| (), |()| notifications());
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match all.await {
                    Ok(all) => Either::Left(view! { <List all/> }),
                    Err(error) => Either::Right(view! { <PageRefused refusal=error.0/> }),
                }
            })}
        </Suspense>
    }
}

#[component]
fn List(all: Notifications) -> impl IntoView {
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
        <Live/>
        <h1>{title}</h1>
        {unread.map(|cursor| view! { <MarkAll cursor/> })}
        {if empty {
            Either::Left(view! { <p>{td_string!(l, portal.notifications.none)}</p> })
        } else {
            Either::Right(view! { <ul class="news-list">{items}</ul> })
        }}
    }
}

/// Up to the newest one on this page: what arrives meanwhile stays unread.
#[component]
fn MarkAll(cursor: i64) -> impl IntoView {
    view! {
        <form method="post" action=MarkRead::PATH data-here>
            <input type="hidden" name="cursor" value=cursor.to_string()/>
            <button class="button" type="submit">{td_string!(language(), portal.notifications.mark)}</button>
        </form>
    }
}

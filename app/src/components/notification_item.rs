use domain::Timestamp;
use domain::notification::Notification;
use leptos::prelude::*;
use leptos_i18n::td_string;

use super::when::When;
use crate::words::language;
use crate::words::news::{more_words, news_words};

#[component]
pub fn NotificationItem(notification: Notification, now: Timestamp) -> impl IntoView {
    let l = language();
    let more = more_words(l, &notification).map(|more| view! { <p>{more}</p> });
    let Notification { cursor, device, device_name, news, at, read, .. } = notification;
    let (class, state) = if read {
        ("chip chip-quiet", td_string!(l, portal.notifications.read))
    } else {
        ("chip chip-busy", td_string!(l, portal.notifications.unread))
    };
    view! {
        <li class="news" id=format!("news-{cursor}")>
            <p class=class>{state}</p>
            <p class="news-device"><a class="link" href=format!("/devices/{device}")>{device_name}</a></p>
            <p>{news_words(l, news)}</p>
            {more}
            <p class="quiet"><When at now/></p>
        </li>
    }
}

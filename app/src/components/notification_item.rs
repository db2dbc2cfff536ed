use domain::Timestamp;
use domain::notification::Notification;
use leptos::prelude::*;
use leptos_i18n::td_string;

use super::when::When;
use crate::words::language;
use crate::words::news::news_words;

#[component]
pub fn NotificationItem(notification: Notification, now: Timestamp) -> impl IntoView {
    let l = language();
    let words = news_words(l, &notification);
    let Notification { device, device_name, at, read, .. } = notification;
    let (class, state) = if read {
        ("chip chip-quiet", td_string!(l, portal.notifications.read))
    } else {
        ("chip chip-busy", td_string!(l, portal.notifications.unread))
    };
    view! {
        <li class="news">
            <p class=class>{state}</p>
            <p class="news-device"><a class="link" href=format!("/devices/{device}")>{device_name}</a></p>
            <p>{words.what}</p>
            {words.then.map(|then| view! { <p>{then}</p> })}
            <p class="quiet"><When at now/></p>
        </li>
    }
}

use leptos::either::Either;
use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api::sessions::sessions;
use crate::api::shell::Me;
use crate::components::live::Drawn;
use crate::components::notice::Notice;
use crate::components::password_form::PasswordForm;
use crate::components::refused::PageRefused;
use crate::components::session_list::SessionList;
use crate::components::shell::use_shell;
use crate::words::language;

#[component]
pub fn AccountPage() -> impl IntoView {
    let l = language();
    let changed = use_query_map().read_untracked().get("changed").is_some();
    let shell = use_shell();
    view! {
        <Title text=td_string!(l, portal.account.title)/>
        <h1>{td_string!(l, portal.account.title)}</h1>
        {changed
            .then(|| view! { <Notice good=true what=td_string!(l, portal.account.changed) do_now=""/> })}
        <Suspense>
            {move || Suspend::new(async move {
                let me = shell.await.ok().and_then(|shell| shell.me);
                me.map(|me| view! { <Myself me/> })
            })}
        </Suspense>
        <SignedIn/>
    }
}

#[component]
fn Myself(me: Me) -> impl IntoView {
    let words = td_string!(language(), portal.account.signed_in_as, name = me.name, user = me.user_name);
    view! { <p class="lead">{words}</p> }
}

#[component]
fn SignedIn() -> impl IntoView {
    let l = language();
    let all = Resource::new_blocking(|| (), |()| sessions());
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match all.await {
                    Err(error) => Either::Right(view! { <PageRefused refusal=error.0/> }),
                    Ok(all) => Either::Left(view! {
                        <Drawn/>
                        {all.with_password.then(|| view! { <PasswordForm/> })}
                        <section class="panel" aria-labelledby="sessions">
                            <h2 id="sessions">{td_string!(l, portal.account.sessions_title)}</h2>
                            <SessionList list=all.list now=all.now/>
                        </section>
                    }),
                }
            })}
        </Suspense>
    }
}

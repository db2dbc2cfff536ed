use domain::command::CommandState;
use domain::device::Capability;
use domain::portal::DeviceDetails;
use leptos::either::Either;
use leptos::prelude::*;
use leptos_i18n::td_string;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::device_in_address;
use crate::api::device::device;
use crate::components::device_facts::DeviceFacts;
use crate::components::device_picture::DevicePicture;
use crate::components::help::StillNeedHelp;
use crate::components::live::Live;
use crate::components::next_steps::NextSteps;
use crate::components::notice::Notice;
use crate::components::passcode_offer::Passcode;
use crate::components::refused::PageRefused;
use crate::components::reset_offer::ResetOffer;
use crate::components::timeline::Timeline;
use crate::components::when::AsOf;
use crate::served;
use crate::words::language;
use crate::words::state::Standing;

#[component]
pub fn DevicePage() -> impl IntoView {
    let id = device_in_address();
    let proven = use_query_map().read_untracked().get("proven").is_some();
    let details = Resource::new_blocking(move || id.clone(), |id| async move { device(id?).await });
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match details.await {
                    Ok(details) => Either::Left(view! { <Details details proven/> }),
                    Err(error) => Either::Right(view! { <PageRefused refusal=error.0/> }),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Details(details: DeviceDetails, proven: bool) -> impl IntoView {
    let l = language();
    let DeviceDetails { device, as_of, last, steps, cancellable, passcode, now, .. } = details.clone();
    let standing = Standing::of(&device, last.as_ref(), as_of, now);
    let online = device.online;
    let done = last.as_ref().is_some_and(|command| command.state == CommandState::Done);
    let resettable = device.reset == Capability::Possible;
    let reset = device.clone();
    view! {
        <Title text=device.name.clone()/>
        <Live/>
        <p><a class="link" href="/devices">{td_string!(l, portal.device.back)}</a></p>
        <div class="device-head">
            <DevicePicture platform=device.platform/>
            <div>
                <h1>{device.name.clone()}</h1>
                <p class=standing.class()>{standing.words(l)}</p>
                <AsOf as_of now/>
            </div>
        </div>
        {proven
            .then(|| view! { <Notice good=true what=td_string!(l, portal.device.proven) do_now=""/> })}
        <div class="columns">
            <div class="column">
                {passcode
                    .map(|offer| view! { <Passcode device=reset offer shown=served::revealed() now/> })}
                {done.then(|| view! { <NextSteps device=device.clone()/> })}
                {last.map(|command| view! { <Timeline command steps online cancellable now/> })}
                <ResetOffer details/>
            </div>
            <div class="column">
                <DeviceFacts device as_of now/>
                {resettable.then(|| view! { <StillNeedHelp/> })}
            </div>
        </div>
    }
}

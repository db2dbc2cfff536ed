use domain::Timestamp;
use domain::command::{Command, CommandState, CommandStep, Failure};
use domain::device::DeviceId;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_i18n::td_string;

use super::help::WhomToAsk;
use super::when::When;
use crate::api::cancel_reset::CancelReset;
use crate::words::language;
use crate::words::state::{failure_words, step_words};

/// How far the last reset is, as a short story in words with times.
#[component]
pub fn Timeline(
    command: Command,
    steps: Vec<CommandStep>,
    online: bool,
    cancellable: bool,
    now: Timestamp,
) -> impl IntoView {
    let l = language();
    let waits_for_device = command.state == CommandState::Waiting && !online;
    let failure = command.failure;
    let lines = told(&steps).into_iter().map(|step| view! { <Line step failure now/> }).collect_view();
    let failed = failure.filter(|_| command.state == CommandState::Failed);
    view! {
        <section class="panel" aria-labelledby="timeline">
            <h2 id="timeline">{td_string!(l, portal.timeline.heading)}</h2>
            <ol class="timeline">{lines}</ol>
            {waits_for_device.then(|| view! { <p>{td_string!(l, portal.timeline.waiting_offline)}</p> })}
            {(command.state == CommandState::Done)
                .then(|| view! { <p>{td_string!(l, portal.timeline.confirmed)}</p> })}
            {failed
                .map(|failure| {
                    view! {
                        <p>{failure_words(l, failure)} " " {td_string!(l, portal.timeline.again)}</p>
                        <WhomToAsk/>
                    }
                })}
            {(!command.state.is_final())
                .then(|| view! { <UnderWay device=command.device deadline=command.deadline cancellable now/> })}
        </section>
    }
}

/// "Being sent" lasts a moment and says nothing once it was sent.
fn told(steps: &[CommandStep]) -> Vec<CommandStep> {
    let newest = steps.iter().map(|step| step.state).max();
    let said = |step: &&CommandStep| step.state != CommandState::Sending || newest == Some(step.state);
    steps.iter().filter(said).copied().collect()
}

#[component]
fn Line(step: CommandStep, failure: Option<Failure>, now: Timestamp) -> impl IntoView {
    let class = match step.state {
        CommandState::Done => "timeline-step timeline-good",
        CommandState::Failed | CommandState::Expired => "timeline-step timeline-bad",
        CommandState::Cancelled => "timeline-step timeline-quiet",
        _ => "timeline-step",
    };
    view! {
        <li class=class>
            <p>{step_words(language(), step.state, failure)}</p>
            <p class="timeline-when"><When at=step.at now/></p>
        </li>
    }
}

#[component]
fn UnderWay(device: DeviceId, deadline: Timestamp, cancellable: bool, now: Timestamp) -> impl IntoView {
    let l = language();
    view! {
        <p class="quiet">{td_string!(l, portal.timeline.until)} " " <When at=deadline now/> "."</p>
        <p>{td_string!(l, portal.timeline.told)}</p>
        <div class="actions">
            <form method="get" action=format!("/devices/{device}")>
                <button class="button" type="submit">{td_string!(l, portal.timeline.check)}</button>
            </form>
            {cancellable.then(|| view! { <Cancel device/> })}
        </div>
    }
}

#[component]
fn Cancel(device: DeviceId) -> impl IntoView {
    view! {
        <form method="post" action=CancelReset::PATH data-here>
            <input type="hidden" name="device" value=device.to_string()/>
            <button class="button button-quiet" type="submit">
                {td_string!(language(), portal.timeline.cancel)}
            </button>
        </form>
    }
}

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_i18n::td_string;

use crate::api::phones::{GiveTo, PhoneView, Retire, SetOnline};
use crate::words::language;

/// What happens to a phone that its screen knows nothing of.
#[component]
pub fn PhoneControls(seen: PhoneView) -> impl IntoView {
    let l = language();
    let phone = seen.phone;
    let id = phone.id.to_string();
    let retire = (!phone.retired).then(|| view! { <Retiring device=id.clone()/> });
    let (online, go) = if phone.online {
        (td_string!(l, phones.online_means), td_string!(l, phones.go_offline))
    } else {
        (td_string!(l, phones.offline_means), td_string!(l, phones.go_online))
    };
    let managed = if phone.retired { td_string!(l, phones.retired) } else { td_string!(l, phones.managed) };
    view! {
        <section class="panel phone-controls" aria-labelledby="around">
            <h2 id="around">{td_string!(l, phones.around)}</h2>
            <div class="phone-control">
                <p>{online}</p>
                <form method="post" action=SetOnline::PATH data-here>
                    <input type="hidden" name="device" value=id.clone()/>
                    <input type="hidden" name="online" value=(!phone.online).to_string()/>
                    <button type="submit" class="button">{go}</button>
                </form>
            </div>
            <div class="phone-control">
                <p>{td_string!(l, phones.belongs_to, owner = phone.owner)}</p>
                <form method="post" action=GiveTo::PATH data-here>
                    <input type="hidden" name="device" value=id/>
                    <input type="hidden" name="user_name" value="ben"/>
                    <button type="submit" class="button">{td_string!(l, phones.give_to_ben)}</button>
                </form>
            </div>
            <div class="phone-control">
                <p>{managed}</p>
                {retire}
            </div>
        </section>
    }
}

#[component]
fn Retiring(device: String) -> impl IntoView {
    view! {
        <form method="post" action=Retire::PATH data-here>
            <input type="hidden" name="device" value=device/>
            <button type="submit" class="button">{td_string!(language(), phones.retire)}</button>
        </form>
    }
}

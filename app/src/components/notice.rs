use leptos::prelude::*;

/// Says what happened and what to do now, at once to a screen reader too.
#[component]
pub fn Notice(
    #[prop(into)] what: Oco<'static, str>,
    do_now: &'static str,
    /// Good news, which need not interrupt.
    #[prop(optional)]
    good: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let (role, class) =
        if good { ("status", "notice notice-good") } else { ("alert", "notice notice-problem") };
    let do_now = (!do_now.is_empty()).then(|| view! { <p>{do_now}</p> });
    view! {
        <div class=class role=role>
            <p class="notice-what">{what}</p>
            {do_now}
            {children.map(|children| children())}
        </div>
    }
}

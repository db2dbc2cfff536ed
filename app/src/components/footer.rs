use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::i18n::Locale;
use crate::served;
use crate::words::language;

#[component]
pub fn PageFooter() -> impl IntoView {
    let l = language();
    let address = served::site().map(|site| site.privacy_url).filter(|address| !address.is_empty());
    let privacy = address.map(|address| {
        view! {
            " · "
            <a class="link" href=address>{td_string!(l, portal.footer.privacy)}</a>
        }
    });
    view! {
        <footer class="bottom">
            <p class="bottom-about">{td_string!(l, portal.footer.about)} {privacy}</p>
            <form class="bottom-languages" method="post" action="/language" aria-label=td_string!(l, portal.footer.language)>
                <LanguageButton locale=Locale::en name="English"/>
                <LanguageButton locale=Locale::de name="Deutsch"/>
            </form>
        </footer>
    }
}

/// Each language calls itself by its own name, so that whoever cannot read this page finds theirs.
#[component]
fn LanguageButton(locale: Locale, name: &'static str) -> impl IntoView {
    let tag = leptos_i18n::Locale::as_str(locale);
    let current = (language() == locale).then_some("true");
    view! {
        <button class="button button-quiet" type="submit" name="lang" value=tag lang=tag aria-current=current>
            {name}
        </button>
    }
}

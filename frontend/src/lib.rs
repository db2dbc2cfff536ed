#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    if app::shows_another_page() {
        // Nothing to be done when even that fails; the page works without us.
        let _ = leptos::prelude::window().location().reload();
        return;
    }
    leptos::mount::hydrate_body(app::App);
}

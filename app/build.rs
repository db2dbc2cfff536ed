//! Turns `locales/` into a module of typed keys: a missing or misspelt key does not compile.

use std::error::Error;
use std::path::PathBuf;

use leptos_i18n_build::options::CodegenOptions;
use leptos_i18n_build::{Config, ParseOptions, TranslationsInfos};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let config = Config::new("en")?
        .add_locale("de")?
        .add_namespaces(["portal", "phones"])?
        .locales_path("../locales")
        .parse_options(ParseOptions::new().interpolate_display(true));
    let translations = TranslationsInfos::parse(config)?;
    translations.emit_diagnostics();
    translations.rerun_if_locales_changed();
    // Generated code is not ours to style.
    let lints = "#![allow(clippy::all, clippy::pedantic, clippy::expect_used, dead_code)]".parse()?;
    let options = CodegenOptions::new().top_level_attributes(Some(lints)).gen_docs(false);
    let folder = PathBuf::from(std::env::var("OUT_DIR")?).join("i18n");
    translations.generate_i18n_module_with_options(folder, options)?;
    Ok(())
}

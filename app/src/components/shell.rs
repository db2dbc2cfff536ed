use leptos::prelude::*;

use crate::api::shell::{Shell, shell};
use crate::error::AppError;

/// The organisation and who is signed in: asked once a page, used by every part of it.
#[derive(Clone, Copy)]
pub struct ShellResource(pub Resource<Result<Shell, AppError>>);

pub fn provide_shell() {
    provide_context(ShellResource(Resource::new_blocking(|| (), |()| shell())));
}

pub fn use_shell() -> Resource<Result<Shell, AppError>> {
    expect_context::<ShellResource>().0
}

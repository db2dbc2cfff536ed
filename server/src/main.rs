//! Latchkey.

use std::process::ExitCode;

/// A page is thousands of small pieces, made by one thread and freed by another. The system's own keeps twice the memory
/// and takes longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    server::run().await
}

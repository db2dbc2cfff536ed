//! The host of Latchkey.

mod cli;
mod clock;
mod database;
mod demo;
mod drawing;
#[cfg(test)]
mod fakes;
mod fleet;
mod forms;
mod host;
mod http;
mod origins;
mod random;
mod refused;
mod seal;
mod serve;
mod signals;
mod signin;
mod store;
mod stream;
mod worker;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let ended = match cli.command {
        Command::Demo(demo) => demo::run(demo).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("latchkey: {reason}");
            ExitCode::FAILURE
        }
    }
}

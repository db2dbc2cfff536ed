//! The host of Latchkey: the program is [`run`].

mod audit;
mod branding;
mod cli;
mod clock;
mod config;
pub mod database;
mod demo;
mod doctor;
mod drawing;
mod ending;
#[cfg(test)]
mod fakes;
mod files;
mod fleet;
mod forms;
mod headers;
mod host;
mod http;
mod limits;
mod listen;
mod listeners;
mod logs;
mod metrics;
mod opened;
mod organisation;
mod origins;
mod outgoing;
mod peer;
mod random;
mod refused;
mod replicas;
mod seal;
mod serve;
mod signals;
mod signin;
pub mod store;
pub mod strangers;
mod stream;
mod supervisor;
mod user;
mod webhooks;
mod worker;

// Those that the tests of the whole program have as well.
#[cfg(test)]
extern crate self as server;
#[cfg(test)]
#[allow(dead_code, reason = "the tests of the whole program use the rest")]
#[path = "../tests/support/portal.rs"]
mod portal;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::config::Config;
use crate::opened::Opened;

/// What the command line asks for.
pub async fn run() -> ExitCode {
    match carry_out(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("latchkey: {reason}");
            ExitCode::FAILURE
        }
    }
}

async fn carry_out(cli: Cli) -> Result<(), String> {
    let config = Config::load(cli.config.as_deref(), cli.command.flags())?;
    logs::begin(&config.log)?;
    match cli.command {
        Command::Serve => organisation::serve(config).await,
        Command::Demo(demo) => demo::run(&demo, config).await,
        Command::Migrate => Opened::from(&config).await.map(|_| println!("The database is up to date.")),
        Command::Doctor => doctor::examine(&config).await,
        Command::Backup { path } => Opened::from(&config).await?.back_up(&path).await,
        Command::Restore { path } => Opened::from(&config).await?.restore(&path).await,
        Command::User(user) => user::run(user, &config).await,
        Command::Audit(audit) => audit::run(audit, &config).await,
    }
}

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Latchkey: a company portal where people reset the passcodes of their own devices.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Serves a made-up organisation with virtual phones, to try everything out
    Demo(Demo),
}

#[derive(Args)]
pub struct Demo {
    /// Where the pages are served; loopback only
    #[arg(long, env = "LATCHKEY_SERVER__LISTEN", default_value = "127.0.0.1:3000", value_parser = loopback)]
    pub listen: SocketAddr,
    /// Where /health/live and /health/ready are served; loopback only
    #[arg(long, env = "LATCHKEY_SERVER__MANAGEMENT_LISTEN", default_value = "127.0.0.1:9000", value_parser = loopback)]
    pub management_listen: SocketAddr,
    /// The folder that keeps the demo's databases and its key
    #[arg(long, default_value = "latchkey-demo")]
    pub data: PathBuf,
    /// The address browsers use, when it is another than --listen: https, or http on loopback
    #[arg(long, env = "LATCHKEY_SERVER__PUBLIC_URL")]
    pub public_url: Option<String>,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| "an address and a port, as in 127.0.0.1:3000".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("the demo's passwords are known to everybody, so it listens on loopback only".to_owned())
    }
}

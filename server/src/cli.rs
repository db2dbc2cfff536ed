use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::Flags;

/// Latchkey: a company portal where people reset the passcodes of their own devices.
///
/// Every setting is a key of the configuration file or a variable: server.listen is LATCHKEY_SERVER__LISTEN.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
pub struct Cli {
    /// The configuration file; without it the environment alone counts
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Serves the portal of an organisation
    Serve,
    /// Serves a made-up organisation with virtual phones, to try everything out
    Demo(Demo),
    /// Makes the database, or brings its tables up to date
    Migrate,
    /// Looks at the settings, the database and the key, and says what is wrong and what to do
    Doctor,
    /// Writes all rows of one moment into a file, while others go on writing
    Backup {
        /// A file that is not there yet. It holds the hashes of passwords; the key of `seal.key_file` is not in it
        path: PathBuf,
    },
    /// Fills an empty database from a backup. Nothing that was open when it was made is carried on
    Restore { path: PathBuf },
    /// Local accounts
    #[command(subcommand)]
    User(User),
    /// What happened, row by row
    #[command(subcommand)]
    Audit(Audit),
}

#[derive(Args)]
pub struct Demo {
    /// Where the pages are served; loopback only [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Where /health/live, /health/ready and /metrics are served; loopback only [default: 127.0.0.1:9000]
    #[arg(long, value_name = "ADDRESS")]
    pub management_listen: Option<String>,
    /// The folder that keeps the demo's databases and its key
    #[arg(long, value_name = "FOLDER", default_value = "latchkey-demo")]
    pub data: PathBuf,
}

#[derive(Subcommand)]
pub enum User {
    /// Adds an account
    Add {
        /// What the person types to sign in
        name: String,
        /// What the MDMs know the owner of a device by
        #[arg(long)]
        email: String,
        /// What pages call the person [default: the name]
        #[arg(long)]
        display_name: Option<String>,
        /// A member of IT
        #[arg(long)]
        it_admin: bool,
        /// Reads the password from standard input, where no other user of the machine sees it
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Sets another password, and ends everything the person was signed in to
    Password {
        name: String,
        /// Reads the password from standard input, where no other user of the machine sees it
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Keeps a person out, at once
    Disable { name: String },
    /// Lets a person in again
    Enable { name: String },
    /// All accounts
    List,
}

#[derive(Subcommand)]
pub enum Audit {
    /// Writes every row to standard output, oldest first
    Export {
        #[arg(long, value_enum, default_value_t = Format::Json)]
        format: Format,
    },
    /// Looks whether a row was changed, taken out or put between, and names the first one
    Verify {
        /// A row and its link, as an earlier run or an export told them: it has to be there still
        #[arg(long, value_name = "SEQ:LINK")]
        after: Option<String>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// One JSON object a line
    Json,
    /// For a spreadsheet; what it would take for a formula is quoted
    Csv,
}

impl Command {
    /// What the command line says of settings.
    pub fn flags(&self) -> Flags {
        let Self::Demo(demo) = self else { return Flags::new() };
        let flags = [("server.listen", &demo.listen), ("server.management_listen", &demo.management_listen)];
        flags.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))).collect()
    }
}

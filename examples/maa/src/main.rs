//! The access agent: serves Maildirs by POP3 and IMAP.

use clap::{Parser, Subcommand};
use maa::Config;
use std::{path::PathBuf, process::ExitCode};

/// Serves Maildirs by POP3 and IMAP.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "maa.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until it is told to stop; what is done without a command
    Serve,
    /// Reads a password from standard input and prints the user's line for the password file
    Keys {
        /// The user, as in `bea@b.com`
        name: String,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    agent::init("info");
    agent::run(async {
        match arguments.command {
            Some(Command::Keys { name }) => Ok(agent::print_keys(&name)?),
            None | Some(Command::Serve) => {
                let config: Config = agent::load(&arguments.config)?;
                let service = maa::start(config, agent::stop_on_signal()).await?;
                Ok(service.finished().await?)
            }
        }
    })
}

//! The delivery agent: serves LMTP, or delivers one message from standard input.

use clap::{Parser, Subcommand};
use mda::{Config, DeliverError, ExpandError};
use std::{
    error::Error,
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Delivers mail into Maildirs: takes it by LMTP, or a single message from standard input.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "mda.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves LMTP until it is told to stop; what is done without a command
    Serve,
    /// Delivers the message on standard input; fails with 67 if there is no such user, with 69 if the
    /// message cannot be delivered, with 75 if it may work later
    Deliver {
        /// The envelope sender
        #[arg(long, default_value = "", value_name = "ADDRESS")]
        sender: String,
        /// The envelope recipient
        recipient: String,
    },
}

/// Exit codes as `sysexits.h` has them, by which mail systems tell what to do.
const USAGE: u8 = 64;
const NO_USER: u8 = 67;
const UNAVAILABLE: u8 = 69;
const TRY_LATER: u8 = 75;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    agent::init("info");
    match arguments.command {
        Some(Command::Deliver { sender, recipient }) => {
            deliver(&arguments.config, &sender, &recipient)
        }
        None | Some(Command::Serve) => agent::run(async {
            let config: Config = agent::load(&arguments.config)?;
            let service = mda::start(config, agent::stop_on_signal()).await?;
            Ok(service.finished().await?)
        }),
    }
}

fn deliver(config: &Path, sender: &str, recipient: &str) -> ExitCode {
    let config: Config = match agent::load(config) {
        Ok(config) => config,
        // A mistake in the configuration is no reason to lose mail.
        Err(error) => return failed(TRY_LATER, &error),
    };
    // They go into header fields.
    for address in [sender, recipient] {
        if let Err(error) = smtp_proto::codec::Path::new(address) {
            return failed(USAGE, &error);
        }
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(TRY_LATER, &error),
    };
    match runtime.block_on(mda::deliver(&config, sender, recipient, &mut io::stdin().lock())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(code(&error), &error),
    }
}

fn code(error: &DeliverError) -> u8 {
    match error {
        DeliverError::Expand(ExpandError::Unknown) => NO_USER,
        DeliverError::Expand(_) => UNAVAILABLE,
        DeliverError::Refused(refusal) if refusal.reply().0 >= 500 => UNAVAILABLE,
        _ => TRY_LATER,
    }
}

fn failed(code: u8, error: &dyn Error) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(code)
}

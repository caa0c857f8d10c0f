//! The delivery agent: serves LMTP, or delivers one message from standard input.

use clap::{Parser, Subcommand};
use mda::{Config, Store, StoreError};
use std::{
    io::{self, Read},
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
    /// Delivers the message on standard input; fails with 67 if there is no such user, with 75 if it may
    /// work later
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
    if let Err(error) = smtp_proto::codec::Path::new(sender) {
        return failed(USAGE, &error);
    }
    match from_stdin(&Store::new(&config), sender, recipient) {
        Ok(id) => {
            agent::hop(&config.hostname, &id, format_args!("delivered to {recipient}, on disk"));
            ExitCode::SUCCESS
        }
        Err(error @ StoreError::Unknown) => failed(NO_USER, &error),
        Err(error) => failed(TRY_LATER, &error),
    }
}

fn from_stdin(store: &Store, sender: &str, recipient: &str) -> Result<String, StoreError> {
    let mut delivery = store.begin(sender, recipient)?;
    let (mut stdin, mut chunk) = (io::stdin().lock(), vec![0; 1 << 16]);
    loop {
        match stdin.read(&mut chunk).map_err(StoreError::Read)? {
            0 => return delivery.commit(),
            n => delivery.write(&chunk[..n])?,
        }
    }
}

fn failed(code: u8, error: &dyn std::error::Error) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(code)
}

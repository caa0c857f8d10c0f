//! The fetcher: collects mailboxes elsewhere, once or again and again.

use clap::Parser;
use mra::Config;
use std::{path::PathBuf, process::ExitCode};

/// Collects remote POP3 and IMAP mailboxes into Maildirs, or hands them on by LMTP.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "mra.toml")]
    config: PathBuf,
    /// Makes one round, whatever the configuration says; fails if not everything was fetched
    #[arg(long)]
    once: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    agent::init("info");
    agent::run(async {
        let config: Config = agent::load(&arguments.config)?;
        let waits = config.mailboxes.iter().any(|mailbox| mailbox.idle);
        if !arguments.once && (config.interval_seconds > 0 || waits) {
            return Ok(mra::watch(&config, &agent::stop_on_signal()).await?);
        }
        let round = mra::fetch_all(&config).await;
        let whole = |one: &Result<mra::Fetched, _>| matches!(one, Ok(one) if one.failed == 0);
        match round.iter().all(whole) {
            true => Ok(()),
            false => Err("not everything was fetched".into()),
        }
    })
}

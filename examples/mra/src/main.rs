//! The fetcher: collects mailboxes elsewhere, once or again and again.

use clap::Parser;
use mra::Config;
use std::{path::PathBuf, process::ExitCode, time::Duration};

/// Collects remote POP3 mailboxes into Maildirs, or hands them on by LMTP.
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
        let stop = agent::stop_on_signal();
        loop {
            let round = mra::fetch_all(&config).await;
            let pause = Duration::from_secs(config.interval_seconds);
            if arguments.once || pause.is_zero() {
                let whole =
                    |one: &Result<mra::Fetched, _>| matches!(one, Ok(one) if one.failed == 0);
                return if round.iter().all(whole) {
                    Ok(())
                } else {
                    Err("not everything was fetched".into())
                };
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.stopped() => return Ok(()),
            }
        }
    })
}

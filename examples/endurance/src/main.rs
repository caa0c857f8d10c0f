//! Whether the relay and the delivery agent keep what they promise: under `kill -9`, with full disks and too
//! few files, behind a long queue, and among thousands of slow clients.
//!
//! Starts the release binaries of both as child processes, on loopback and in a temporary folder. Each part
//! prints its figures, each beside what it must be, and the program fails if one is not.

mod child;
mod disk;
mod kill;
mod letter;
mod load;
mod queue;
mod report;
mod sink;
mod slow;

use agent::Failure;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Puts the relay and the delivery agent to the test. Build them first: cargo build --release -p mta -p mda
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// A start with a long queue of deferred mail, most of it for dead hosts, and new mail for healthy ones
    Queue {
        /// Messages in the queue
        #[arg(long, default_value_t = 100_000)]
        messages: usize,
        /// 5,000 messages
        #[arg(long, conflicts_with = "messages")]
        quick: bool,
    },
    /// `kill -9` of the relay and the delivery agent under load
    Kill {
        /// How many
        #[arg(long, default_value_t = 500)]
        kills: usize,
        /// 20 of them
        #[arg(long, conflicts_with = "kills")]
        quick: bool,
    },
    /// A healthy client among clients that say an octet in ten seconds, or nothing
    Slow {
        /// Slow connections
        #[arg(long, default_value_t = 5000)]
        connections: usize,
        /// 500 of them, for ten seconds, rather than for as long as the server has patience
        #[arg(long, conflicts_with = "connections")]
        quick: bool,
    },
    /// A full disk below the spool and below the Maildirs (root), and too few files
    Disk {
        /// Fills each disk once, rather than five times
        #[arg(long)]
        quick: bool,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    agent::init("warn");
    agent::run(async {
        let report = match arguments.part {
            Part::Queue { messages, quick } => {
                queue::run(if quick { 5_000 } else { messages }).await?
            }
            Part::Kill { kills, quick } => kill::run(if quick { 20 } else { kills }).await?,
            Part::Slow { connections, quick } => {
                slow::run(if quick { 500 } else { connections }, quick).await?
            }
            Part::Disk { quick } => disk::run(if quick { 1 } else { 5 }).await?,
        };
        report.print();
        if report.holds() { Ok(()) } else { Err(Failure::from("a bar was missed")) }
    })
}

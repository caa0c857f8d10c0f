//! posta beside its peers, in turn, in one process. Prints Markdown tables.

mod data;
mod harness;
mod imap;
mod instructions;
mod maildir;
mod message;
mod pop3;
mod report;
mod smtp;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use harness::{Bench, Grown, Growth, Holding};
use report::Report;
use std::{fs, path::PathBuf, process::ExitCode};

/// Measures posta beside its peers.
#[derive(Parser)]
struct Arguments {
    /// Only what has this in its name
    filter: Option<String>,
    /// Fails if a goal is missed
    #[arg(long)]
    check: bool,
    /// Few rounds, and nothing that is large
    #[arg(long)]
    quick: bool,
    /// Writes the figures into this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Counts the instructions of the short cases, under valgrind
    #[arg(long)]
    instructions: bool,
    /// Runs one contender of the case of this name, and measures nothing
    #[arg(long, hide = true)]
    run_only: Option<String>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let filter = arguments.filter.unwrap_or_default();
    let rounds = if arguments.quick { 5 } else { 21 };
    if let Some(what) = arguments.run_only {
        let bench = benches(false).into_iter().find(|bench| bench.name == filter);
        instructions::run(&mut (bench.context("no such case")?.make)(), &what)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut report = Report::default();
    for Bench { name, make } in benches(arguments.quick) {
        if name.contains(&filter) {
            let mut case = make();
            let mut figures = harness::measure(&mut case, rounds).context(name)?;
            if arguments.instructions && figures[0].nanoseconds < instructions::LONGEST {
                for (n, figures) in figures.iter_mut().enumerate() {
                    figures.instructions = Some(instructions::count(name, n)?);
                }
            }
            report.case(name, &case, figures);
        }
    }
    for growth in growth().iter().filter(|growth| growth.name.contains(&filter)) {
        report.growth(Grown::measure(growth, rounds));
    }
    for holding in holding().iter().filter(|holding| holding.name.contains(&filter)) {
        report.holding(holding);
    }
    let measured = report.cases.len() + report.growth.len() + report.holding.len();
    ensure!(measured > 0, "nothing has {filter:?} in its name");
    println!("\n{} goals missed.", report.missed.len());
    report.missed.iter().for_each(|goal| println!("- {goal}"));
    if let Some(path) = arguments.json {
        fs::write(&path, serde_json::to_string_pretty(&report)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let failed = arguments.check && !report.missed.is_empty();
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// All cases, in the order of the table.
fn benches(quick: bool) -> Vec<Bench> {
    [
        smtp::benches(quick),
        pop3::benches(quick),
        imap::benches(quick),
        message::benches(quick),
        maildir::benches(quick),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn growth() -> Vec<Growth> {
    [smtp::growth(), pop3::growth(), imap::growth(), message::growth()]
        .into_iter()
        .flatten()
        .collect()
}

fn holding() -> Vec<Holding> {
    [smtp::holding(), pop3::holding(), imap::holding()].into_iter().flatten().collect()
}

//! The journey of one message from Ana to Bea.

use clap::{Parser, ValueEnum};
use journey::{Options, Route, Watch, check_folder, run};
use std::{num::NonZeroUsize, path::PathBuf, process::ExitCode};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

/// Sends a message from Ana to Bea through every agent of the chain, on loopback, and proves that it
/// arrives unchanged.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Sends this message, whatever it is, in place of Ana's own
    #[arg(long, value_name = "FILE.eml", conflicts_with = "attach")]
    message: Option<PathBuf>,
    /// Attaches a file to Ana's message; may be repeated
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// Prints every line of every session, with secrets hidden
    #[arg(long)]
    transcript: bool,
    /// Keeps spools, Maildirs, certificates and configurations in this folder
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// The way that the message goes: own-mta, direct, submission, same-server, smart-host, backup-mx,
    /// two-tier, or all of them in turn
    #[arg(long, default_value = "submission", value_parser = routes)]
    route: Routes,
    /// Sends this many copies of the message, and tells how long they took
    #[arg(long, value_name = "N", conflicts_with = "serve")]
    count: Option<NonZeroUsize>,
    /// Leaves everything running and prints the settings for a mail program
    #[arg(long)]
    serve: bool,
    /// Prints plain text
    #[arg(long)]
    no_color: bool,
}

/// One route, or all of them.
#[derive(Clone)]
struct Routes(Vec<Route>);

fn routes(name: &str) -> Result<Routes, String> {
    match name {
        "all" => Ok(Routes(Route::ALL.to_vec())),
        _ => Route::from_str(name, false).map(|route| Routes(vec![route])).map_err(|error| {
            let names = Route::ALL.map(Route::name).join(", ");
            format!("{error}; there are {names}, all")
        }),
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.no_color {
        anstream::ColorChoice::Never.write_global();
    }
    let watch = Watch::new();
    let shown = if arguments.transcript {
        "posta::hop=info,posta::transcript=trace"
    } else {
        "posta::hop=info"
    };
    let logs = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::registry()
        .with(watch.clone().with_filter(EnvFilter::new(shown)))
        .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(logs))
        .init();
    let options = Options {
        message: arguments.message,
        attach: arguments.attach,
        routes: arguments.route.0,
        count: arguments.count,
        keep: arguments.keep,
        serve: arguments.serve,
    };
    let mut arrived = false;
    let code = agent::run(async {
        if let Some(folder) = &options.keep {
            check_folder(folder)?;
        }
        arrived = run(&options, &watch).await?;
        Ok(())
    });
    if arrived || code == ExitCode::FAILURE { code } else { ExitCode::FAILURE }
}

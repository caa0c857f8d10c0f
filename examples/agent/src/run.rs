use crate::system::raise_file_limit;
use posta_net::Stop;
use std::{error::Error, future::Future, process::ExitCode};

/// Whatever keeps an agent from doing its work.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Runs an agent's main function on tokio, with as many open files as the system allows, and tells of a
/// failure with all its causes.
pub fn run(main: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    raise_file_limit();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(main) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error.as_ref()),
    }
}

fn failed(error: &dyn Error) -> ExitCode {
    anstream::eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        anstream::eprintln!("  because: {error}");
        cause = error.source();
    }
    ExitCode::FAILURE
}

/// A stop that is used when the process gets SIGTERM or is interrupted from the keyboard. From the moment
/// this returns, neither ends the process by itself.
pub fn stop_on_signal() -> Stop {
    let stop = Stop::new();
    tokio::spawn({
        let (stop, signalled) = (stop.clone(), signalled());
        async move {
            signalled.await;
            tracing::info!("stopping");
            stop.stop();
        }
    });
    stop
}

#[cfg(unix)]
fn signalled() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    // Here and not when it is first polled: the signal may come sooner.
    let terminate = signal(SignalKind::terminate());
    let interrupt = signal(SignalKind::interrupt());
    async move {
        match (terminate, interrupt) {
            (Ok(mut terminate), Ok(mut interrupt)) => tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            },
            // Without handlers the signals end the process as they always do.
            _ => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
async fn signalled() {
    // Where the signal cannot be had, the process is ended from outside.
    let _ = tokio::signal::ctrl_c().await;
}

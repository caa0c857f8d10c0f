use posta_net::Stop;
use std::{error::Error, future::Future, process::ExitCode};

/// Whatever keeps an agent from doing its work.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Runs an agent's main function on tokio, and tells of a failure with all its causes.
pub fn run(main: impl Future<Output = Result<(), Failure>>) -> ExitCode {
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

/// A stop that is used when the process gets SIGTERM or is interrupted from the keyboard.
pub fn stop_on_signal() -> Stop {
    let stop = Stop::new();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            signalled().await;
            tracing::info!("stopping");
            stop.stop();
        }
    });
    stop
}

#[cfg(unix)]
async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(_) => {
            // Only the keyboard is left to tell us.
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn signalled() {
    // Where the signal cannot be had, the process is ended from outside.
    let _ = tokio::signal::ctrl_c().await;
}

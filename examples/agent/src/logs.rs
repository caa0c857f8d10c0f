use std::{fmt::Display, io::IsTerminal};
use tracing::info;
use tracing_subscriber::EnvFilter;

/// The target of the events that follow a message on its way.
pub const HOP: &str = "posta::hop";

/// Writes logs to standard error: what `RUST_LOG` asks for, else `filter`, such as `info`.
pub fn init(filter: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(filter));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}

/// Logs what `agent` (a host name) did with the message `id`.
pub fn hop(agent: &str, id: &str, what: impl Display) {
    info!(target: HOP, agent, id, "{what}");
}

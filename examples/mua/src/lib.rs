//! Ana's mail program: composes, sends, lists and reads.

mod config;
mod draft;
mod error;
mod send;

pub use config::Config;
pub use draft::{Composed, Draft, DraftError};
pub use error::Error;
pub use send::{Sent, send};

/// Opens the mailbox.
///
/// # Errors
/// The server cannot be reached or trusted, or does not let us in.
pub async fn open(config: &Config) -> Result<agent::Maildrop, Error> {
    let trust = agent::trust(config.ca.as_deref())?;
    Ok(agent::Maildrop::open(&config.pop3, &trust).await?)
}

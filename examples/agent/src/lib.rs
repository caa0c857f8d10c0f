//! What the agents share: configuration files, TLS files, logs, transcripts, a graceful stop.

mod config;
mod logs;
mod transcript;

pub use config::{ConfigError, load};
pub use logs::{HOP, hop, init};
pub use transcript::{TRANSCRIPT, Transcript, Who};

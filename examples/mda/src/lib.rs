//! The delivery agent: LMTP and standard input into Maildirs.

mod config;

pub use config::Config;

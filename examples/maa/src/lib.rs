//! The access agent: POP3 over Maildirs.

mod config;

pub use config::{Config, Listen};

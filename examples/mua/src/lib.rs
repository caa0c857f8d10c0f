//! Ana's mail program: composes, sends, lists and reads.

mod config;

pub use config::{Account, Config, Security};

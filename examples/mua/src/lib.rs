//! Ana's mail program: composes, sends, lists, reads, sorts and answers.

mod answer;
mod config;
mod draft;
mod error;
mod mailbox;
mod send;

pub use answer::{forward, reply};
pub use config::Config;
pub use draft::{Composed, Draft, DraftError};
pub use error::Error;
pub use mailbox::{Line, Mailbox, open};
pub use send::{Sent, send};

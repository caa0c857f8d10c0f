//! Ana's mail program: composes, sends, lists and reads.

mod config;
mod connect;
mod draft;
mod error;
mod mailbox;
mod send;

pub use config::{Account, Config, Security};
pub use draft::{Composed, Draft, DraftError};
pub use error::Error;
pub use mailbox::{Entry, Mailbox};
pub use send::{Sent, send};

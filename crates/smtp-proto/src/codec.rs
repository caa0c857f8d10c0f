//! Parsing and writing of commands and replies, without any state: usable alone.
//!
//! Everything parsed borrows from the line; nothing is allocated, unescaped or changed on the way, so
//! what is written again is what was read. Everything that can be written is valid by construction or
//! is checked while it is written: no argument can carry a line end to the wire.

mod address;
mod base64;
mod capabilities;
mod command;
mod enhanced;
mod error;
mod mailbox;
mod params;
mod path;
mod reply;
mod scan;
mod xtext;

pub use address::Address;
pub use base64::Base64;
pub use capabilities::{Capabilities, Keyword};
pub use command::{Command, Tolerated};
pub use enhanced::EnhancedCode;
pub use error::{ErrorKind, ParseError, Shown};
pub use mailbox::Mailbox;
pub use params::{Body, MAX_PARAMS, MailParams, Notify, Orcpt, Param, Params, RcptParams, Ret};
pub use path::Path;
pub use reply::{Lines, Reply, ReplyBuf, write_reply};
pub use scan::Syntax;

pub(crate) use command::is_auth;
pub(crate) use error::{Result, fault};
pub(crate) use params::{write_mail, write_rcpt};
pub(crate) use reply::frame;
pub(crate) use scan::{Scanned, domain_or_literal, scan, text};

//! SMTP, ESMTP and LMTP without I/O: codec, client machine, server machine.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod client;
pub mod codec;
mod error;
pub mod limits;
pub mod server;

pub use client::Client;
pub use error::{Error, Misuse};
pub use server::Server;

/// Which protocol a machine speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Protocol {
    /// SMTP and ESMTP (RFC 5321).
    #[default]
    Smtp,
    /// LMTP (RFC 2033): LHLO, and after a message one reply for each accepted recipient.
    Lmtp,
}

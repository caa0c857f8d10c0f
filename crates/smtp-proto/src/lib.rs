//! SMTP, ESMTP and LMTP without I/O: codec, client machine, server machine.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod client;
pub mod codec;
mod error;
pub mod limits;
mod protocol;
pub mod server;

pub use client::Client;
pub use error::{Error, Misuse};
pub use protocol::Protocol;
pub use server::Server;

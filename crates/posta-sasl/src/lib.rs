//! SASL mechanisms for SMTP, POP3 and IMAP, both sides, without I/O.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod apop;
pub mod base64;
mod client;
mod error;
mod hash;
mod keys;
mod mechanism;
pub mod passwords;
pub mod prep;
mod scram;
mod secret;
mod server;

pub use client::{Client, ClientConfig, Credentials};
pub use error::{Error, Limits, Misuse};
pub use hash::ScramHash;
pub use keys::{Decoy, ITERATIONS, Keys, KeysError, MAX_ITERATIONS, SALT};
pub use mechanism::{BindingKind, ChannelBinding, ChooseError, Mechanism, Policy};
pub use secret::Secret;
pub use server::{Identity, Server, ServerConfig, Step};

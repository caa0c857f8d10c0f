//! IMAP4 without I/O: codec, client machine, server machine.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod client;
pub mod codec;
mod misuse;

pub use client::Client;
pub use misuse::Misuse;

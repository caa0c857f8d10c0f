//! IMAP4 without I/O: codec, client machine, server machine.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod codec;
mod misuse;

pub use misuse::Misuse;

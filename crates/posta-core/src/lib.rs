//! The shapes that every posta crate shares.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod disk;
pub mod dot;
mod input;
mod instant;
mod machine;
mod output;
#[cfg(feature = "testing")]
pub mod testing;

pub use input::Input;
pub use instant::Instant;
pub use machine::{Machine, Step};
pub use output::Output;

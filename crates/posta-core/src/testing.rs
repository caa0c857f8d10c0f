//! Harnesses for the tests of machines: every split of a transcript, and two machines joined in memory.

mod pair;
mod split;

pub use pair::Pair;
pub use split::{Log, every_split, run};

//! Harnesses for tests: every split of a transcript, two machines joined in memory, a disk that crashes.

mod disk;
mod pair;
mod split;

pub use disk::{SimDisk, SimFile, every_crash, every_failure};
pub use pair::Pair;
pub use split::{Log, every_split, run, run_pieces};

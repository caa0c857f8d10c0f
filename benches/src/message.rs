//! Messages: read, built, edited.

mod data;
mod growth;
mod read;
mod write;

use crate::harness::Bench;
pub use growth::growth;

pub fn benches(quick: bool) -> Vec<Bench> {
    read::benches(quick).into_iter().chain(read::corpora()).chain(write::benches()).collect()
}

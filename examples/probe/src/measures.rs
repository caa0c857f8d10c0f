//! What takes more than one conversation, or a look at something else than replies.

mod files;
mod slow;
mod stress;
mod weight;

pub use files::{Snapshot, canary, secrets, smuggled};
pub use slow::slow;
pub use stress::stress;
pub use weight::weight;

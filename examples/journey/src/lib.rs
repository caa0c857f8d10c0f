//! The main job: Ana writes to Bea, every hop of the way, on loopback.
mod dns;
mod original;
mod pki;
mod watch;
pub use dns::Dns;
pub use original::{Original, OriginalError};
pub use pki::{Authority, Files};
pub use watch::{Hop, Watch};

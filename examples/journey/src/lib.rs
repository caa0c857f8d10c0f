//! The main job: Ana writes to Bea, every hop of the way, on loopback.

/// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

mod dns;
mod many;
mod original;
mod pki;
mod report;
mod route;
mod run;
mod watch;
mod world;

pub use original::{Original, OriginalError};
pub use route::Route;
pub use run::{Options, check_folder, run};
pub use watch::{Hop, Watch};
pub use world::{ANA, BEA, BEA_AT_A, User, World};

//! The main job: Ana writes to Bea, every hop of the way, on loopback.
fn main() {}

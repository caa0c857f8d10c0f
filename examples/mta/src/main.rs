//! The relay: MX and submission servers, queue, routes, bounces.
fn main() {}

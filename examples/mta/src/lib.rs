//! The relay: MX and submission servers, queue, routes, bounces.

mod config;

pub use config::{Config, Dns, Limits, Listen, Relay, Retry};

//! Sizes and times, each with its default.

use core::time::Duration;

/// The most octets of a local part (RFC 5321 4.5.3.1.1).
pub const LOCAL_PART: usize = 64;
/// The most octets of a domain (RFC 5321 4.5.3.1.2).
pub const DOMAIN: usize = 255;
/// The most octets of a path, brackets included (RFC 5321 4.5.3.1.3).
pub const PATH: usize = 256;
/// The most octets of a command line that a client sends without being asked for more, CRLF included
/// (RFC 5321 4.5.3.1.4).
pub const COMMAND: usize = 512;

/// How long a machine that has given up waits for its last words to be sent.
pub(crate) const LAST_WORDS: Duration = Duration::from_secs(10);

/// The octets of output that an idle machine keeps, so that its next few lines allocate nothing.
pub(crate) const IDLE_OUTPUT: usize = 256;

pub(crate) const fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

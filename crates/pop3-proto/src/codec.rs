//! Commands and replies as text, usable without the machines.
//!
//! Parsing borrows from the line, which is passed without its CRLF; writing appends the line with its
//! CRLF, and refuses whatever would not read back as the same value, so no argument can smuggle in a
//! second line.
//!
//! ```
//! use pop3_proto::codec::{Code, Command, Reply};
//!
//! assert_eq!(Command::parse(b"top 1 10"), Ok(Command::Top { message: 1, lines: 10 }));
//! let reply = Reply::parse(b"-ERR [IN-USE] Another session is open")?;
//! assert_eq!((reply.code, reply.text), (Some(Code::InUse), &b"Another session is open"[..]));
//!
//! let mut wire = Vec::new();
//! assert!(Command::User("ana\r\nQUIT").write(&mut wire).is_err());
//! # Ok::<(), pop3_proto::codec::ParseError>(())
//! ```

mod capability;
mod command;
mod error;
mod listing;
mod reply;

pub use capability::{Capabilities, Capability, Expire, LoginDelay};
pub use command::Command;
pub use error::{Fault, ParseError, Shown};
pub(crate) use listing::is_uid;
pub use listing::{DropListing, ScanListing, UniqueId};
pub use reply::{Code, Reply, Status, is_timestamp, timestamp};

/// The longest command, CRLF included. RFC 2449 4
pub const COMMAND: usize = 255;
/// The longest first line of a reply, and the longest capability, CRLF included. RFC 2449 4 and 5
pub const REPLY: usize = 512;
/// The longest line of an AUTH exchange that the machines take unless told otherwise, CRLF included.
/// RFC 5034 4 sets no bound; this is the one of RFC 4954 4.
pub const SASL: usize = 12_288;

/// The number that a run of digits stands for, if it fits.
fn digits<N: core::str::FromStr>(text: &[u8]) -> Option<N> {
    // `FromStr` would take a sign.
    let all = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    core::str::from_utf8(text).ok().filter(|_| all)?.parse().ok()
}

/// Splits at the first space, which belongs to neither side.
fn word(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b' ', text) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

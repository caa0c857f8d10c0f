//! POP3: lines of both sides; the machines are in the files below.

mod client;
mod pair;
mod server;

pub use client::client;
pub use pair::pair;
pub use server::server;

use pop3_proto::codec::{
    Capabilities, Capability, Command, DropListing, ParseError, Reply, ScanListing, UniqueId,
    is_timestamp, timestamp,
};
use std::fmt::Debug;

/// A line, read as everything that a line can be: what can be written reads back.
pub fn line(line: &[u8]) {
    match Command::parse(line) {
        Ok(command) => {
            let mut wire = b"before".to_vec();
            // A line can be longer than a command may be.
            if command.write(&mut wire).is_ok() {
                assert_eq!(Command::parse(one_line(&wire[6..])), Ok(command));
            } else {
                assert_eq!(wire, b"before");
            }
        }
        Err(error) => {
            in_bounds::<()>(line, Err(error));
            let shown = error.show(line).to_string();
            assert!(shown.lines().count() <= 2 && !shown.contains(['\r', '\0']), "{shown}");
        }
    }
    if let Some(reply) = in_bounds(line, Reply::parse(line)) {
        let mut wire = b"before".to_vec();
        if reply.write(&mut wire).is_ok() {
            assert_eq!(Reply::parse(one_line(&wire[6..])), Ok(reply));
        } else {
            assert_eq!(wire, b"before");
        }
        if let Some(challenge) = reply.challenge() {
            assert_eq!(challenge.as_bytes(), reply.text);
        }
    }
    in_bounds(line, DropListing::parse(line));
    if let Some(listing) = in_bounds(line, ScanListing::parse(line)) {
        assert!(listing.message > 0);
    }
    if let Some(unique) = in_bounds(line, UniqueId::parse(line)) {
        assert!(unique.message > 0 && (1..=70).contains(&unique.uid.len()));
        assert!(unique.uid.bytes().all(|octet| octet.is_ascii_graphic()));
    }
    let mut capabilities = Capabilities::default();
    capabilities.add(Capability::parse(line));
    if let Some(found) = timestamp(line) {
        assert!(is_timestamp(found), "{found}");
    }
}

fn in_bounds<T: Debug>(line: &[u8], result: Result<T, ParseError>) -> Option<T> {
    result.map_err(|error| assert!(error.offset <= line.len(), "{error:?}")).ok()
}

/// A line as it was written, without its end.
fn one_line(wire: &[u8]) -> &[u8] {
    let line = wire.strip_suffix(b"\r\n").expect("a line");
    assert!(!line.contains(&b'\r') && !line.contains(&b'\n'));
    line
}

//! xtext (RFC 3461 4): how ESMTP parameters carry what they may not contain.

use alloc::string::String;
use core::fmt::{self, Write};

/// Writes `text` as xtext.
pub(crate) fn encode(text: &str, out: &mut impl Write) -> fmt::Result {
    for octet in text.bytes() {
        match octet {
            b'+' | b'=' => write!(out, "+{octet:02X}")?,
            b'!'..=b'~' => out.write_char(char::from(octet))?,
            _ => write!(out, "+{octet:02X}")?,
        }
    }
    Ok(())
}

/// What `text` stands for. `None` if it is not xtext, or stands for more than printable ASCII, which
/// is all that RFC 3461 4.2 and 4.4 allow: so no line end can hide in it.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        let plain = match octet {
            b'+' => hex(octets.next()?)? * 16 + hex(octets.next()?)?,
            b'=' => return None,
            b'!'..=b'~' => octet,
            _ => return None,
        };
        if !matches!(plain, b' '..=b'~') {
            return None;
        }
        out.push(char::from(plain));
    }
    Some(out)
}

/// Upper case only, says RFC 3461.
fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

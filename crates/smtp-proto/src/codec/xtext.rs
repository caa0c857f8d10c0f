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
    text.is_ascii().then(|| decode_utf8(text))?
}

/// The same, but what is not ASCII stands for itself (RFC 6533 3).
pub(crate) fn decode_utf8(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        let plain = match char {
            '+' => {
                let octet = hex(chars.next()?)? * 16 + hex(chars.next()?)?;
                matches!(octet, b' '..=b'~').then_some(char::from(octet))?
            }
            '=' => return None,
            '!'..='~' | '\u{80}'.. => char,
            _ => return None,
        };
        out.push(plain);
    }
    Some(out)
}

/// Upper case only, says RFC 3461.
fn hex(digit: char) -> Option<u8> {
    match digit {
        '0'..='9' | 'A'..='F' => u8::try_from(digit.to_digit(16)?).ok(),
        _ => None,
    }
}

//! Strings and numbers as IMAP writes them.

use crate::lex::{trim, unfold};
use crate::message::Field;
use alloc::string::ToString;
use alloc::vec::Vec;

/// Longer strings are literals: a line of a response stays short.
const MAX_QUOTED: usize = 1_024;

/// Writes a string; NUL is left out, for neither form may have it.
///
/// ```abnf
/// string      = quoted / literal
/// quoted      = DQUOTE *QUOTED-CHAR DQUOTE
/// QUOTED-CHAR = <any TEXT-CHAR except quoted-specials> / "\" quoted-specials
/// literal     = "{" number "}" CRLF *CHAR8
/// ```
pub(super) fn put_string(octets: &[u8], out: &mut Vec<u8>) {
    let plain = |b: &u8| matches!(b, b'\t' | b' '..=b'~');
    if octets.len() <= MAX_QUOTED && octets.iter().all(plain) {
        out.push(b'"');
        for &b in octets {
            if matches!(b, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(b);
        }
        out.push(b'"');
        return;
    }
    let nuls = memchr::memchr_iter(0, octets).count();
    out.push(b'{');
    put_number(octets.len() - nuls, out);
    out.extend_from_slice(b"}\r\n");
    out.extend(octets.iter().filter(|b| **b != 0));
}

// RFC 3501 9: nstring = string / nil
pub(super) fn put_nstring(octets: Option<&[u8]>, out: &mut Vec<u8>) {
    match octets {
        Some(octets) => put_string(octets, out),
        None => out.extend_from_slice(b"NIL"),
    }
}

/// Writes the value of a field, unfolded and trimmed, else as it stands; NIL without the field.
pub(super) fn put_field(field: Option<Field<'_>>, out: &mut Vec<u8>) {
    let value = field.map(|field| unfold(trim(field.value())));
    put_nstring(value.as_deref(), out);
}

pub(super) fn put_number(n: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(n.to_string().as_bytes());
}

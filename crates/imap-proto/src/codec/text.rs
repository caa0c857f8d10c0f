//! Strings, as they stand in a response.

use super::cursor::is_plain;
use crate::Misuse;
use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

/// What is longer is written as a literal.
const LONGEST_QUOTED: usize = 1024;

/// A string of the protocol: a quoted string, a literal or an atom, read in place.
///
/// It is compared by what it says, and says octets: header text comes in whatever encoding the
/// message has.
#[derive(Clone, Copy, Default)]
pub struct Text<'a> {
    raw: &'a [u8],
    /// There are backslashes to be taken out.
    escaped: bool,
}

impl<'a> Text<'a> {
    /// A string that says these octets.
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { raw: octets, escaped: false }
    }

    pub(crate) fn from_wire(raw: &'a [u8], escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// Its octets; borrowed unless there are quoted specials in it.
    pub fn bytes(self) -> Cow<'a, [u8]> {
        if self.escaped { Cow::Owned(self.octets().collect()) } else { Cow::Borrowed(self.raw) }
    }

    /// Its text, with U+FFFD for what is not UTF-8.
    pub fn to_str(self) -> Cow<'a, str> {
        match self.bytes() {
            Cow::Borrowed(octets) => String::from_utf8_lossy(octets),
            Cow::Owned(octets) => Cow::Owned(String::from_utf8_lossy(&octets).into_owned()),
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    /// Whether it says this, in any case of ASCII letters.
    pub fn is(self, text: &str) -> bool {
        self.octets()
            .map(|octet| octet.to_ascii_lowercase())
            .eq(text.bytes().map(|octet| octet.to_ascii_lowercase()))
    }

    /// Its octets, one by one.
    pub fn octets(self) -> impl Iterator<Item = u8> + 'a {
        let mut rest = self.raw.iter();
        core::iter::from_fn(move || match rest.next()? {
            b'\\' if self.escaped && matches!(rest.as_slice().first(), Some(b'"' | b'\\')) => {
                rest.next().copied()
            }
            octet => Some(*octet),
        })
    }

    /// Appends it as a quoted string, or as a literal if it cannot be one.
    ///
    /// # Errors
    /// It holds a NUL, which no string may.
    pub fn write(self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        if self.raw.len() <= LONGEST_QUOTED && self.raw.iter().all(|octet| is_plain(*octet)) {
            wire.push(b'"');
            wire.extend_from_slice(self.raw);
            wire.push(b'"');
            return Ok(());
        }
        let octets = self.bytes();
        if memchr::memchr(0, &octets).is_some() {
            return Err(Misuse::Argument("a string holds NUL"));
        }
        let is_line = memchr::memchr2(b'\r', b'\n', &octets).is_none();
        if is_line && octets.is_ascii() && octets.len() <= LONGEST_QUOTED {
            wire.push(b'"');
            for octet in octets.iter() {
                if matches!(octet, b'"' | b'\\') {
                    wire.push(b'\\');
                }
                wire.push(*octet);
            }
            wire.push(b'"');
        } else {
            super::put_literal(wire, &octets);
        }
        Ok(())
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self::new(text.as_bytes())
    }
}

impl<'a> From<&'a [u8]> for Text<'a> {
    fn from(octets: &'a [u8]) -> Self {
        Self::new(octets)
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        match self.escaped || other.escaped {
            false => self.raw == other.raw,
            true => self.octets().eq(other.octets()),
        }
    }
}

impl Eq for Text<'_> {}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == Text::from(*other)
    }
}

/// As ASCII with escapes.
impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.bytes().escape_ascii())
    }
}

/// Appends a string or NIL.
pub(crate) fn write_nstring(text: Option<Text<'_>>, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    match text {
        Some(text) => text.write(wire),
        None => {
            wire.extend_from_slice(b"NIL");
            Ok(())
        }
    }
}

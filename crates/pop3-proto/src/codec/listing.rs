use super::{Fault, ParseError};
use core::fmt;

/// What follows `+OK` in the reply to STAT: `nn mm`. RFC 1939 5
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DropListing {
    /// Messages, without those marked as deleted.
    pub messages: u32,
    /// Their octets.
    pub octets: u64,
}

/// A line of LIST: `number size`. RFC 1939 5
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanListing {
    /// Which message, from 1.
    pub message: u32,
    /// Its size in octets.
    pub octets: u64,
}

/// A line of UIDL: `number unique-id`. RFC 1939 7
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UniqueId<'a> {
    /// Which message, from 1.
    pub message: u32,
    /// 1 to 70 octets of graphic ASCII.
    pub uid: &'a str,
}

impl DropListing {
    /// Reads the text behind `+OK `. What follows the size is ignored, as RFC 1939 5 leaves it open.
    ///
    /// # Errors
    /// It is no drop listing.
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        let (messages, at, rest) = number(text, 0, "a number of messages")?;
        let (octets, _, _) = number(rest, at, "a size")?;
        Ok(Self { messages, octets })
    }
}

impl ScanListing {
    /// Reads a line, or the text behind `+OK `. What follows the size is ignored.
    ///
    /// # Errors
    /// It is no scan listing.
    pub fn parse(line: &[u8]) -> Result<Self, ParseError> {
        let (message, at, rest) = message(line)?;
        let (octets, _, _) = number(rest, at, "a size")?;
        Ok(Self { message, octets })
    }
}

impl<'a> UniqueId<'a> {
    /// Reads a line, or the text behind `+OK `.
    ///
    /// # Errors
    /// It is no unique-id listing.
    pub fn parse(line: &'a [u8]) -> Result<Self, ParseError> {
        const WANT: &str = "1 to 70 graphic characters";
        let (message, at, rest) = message(line)?;
        if rest.is_empty() {
            return Err(ParseError::new(Fault::Missing, at, WANT));
        }
        match core::str::from_utf8(rest) {
            Ok(uid) if is_uid(uid) => Ok(Self { message, uid }),
            _ => Err(ParseError::new(Fault::Bad, at, WANT)),
        }
    }
}

/// RFC 1939 7: one to 70 characters in the range 0x21 to 0x7E.
pub(crate) fn is_uid(uid: &str) -> bool {
    (1..=70).contains(&uid.len()) && uid.bytes().all(|octet| octet.is_ascii_graphic())
}

fn message(line: &[u8]) -> Result<(u32, usize, &[u8]), ParseError> {
    match number(line, 0, "a message number")? {
        (0, ..) => Err(ParseError::new(Fault::Bad, 0, "a message number from 1")),
        found => Ok(found),
    }
}

/// A number, and what is behind it and its space.
fn number<'a, N: core::str::FromStr>(
    text: &'a [u8],
    at: usize,
    expected: &'static str,
) -> Result<(N, usize, &'a [u8]), ParseError> {
    let (word, rest) = super::word(text);
    let kind = if word.is_empty() { Fault::Missing } else { Fault::Bad };
    let number = super::digits(word).ok_or_else(|| ParseError::new(kind, at, expected))?;
    let end = at + word.len() + usize::from(rest.is_some());
    Ok((number, end, rest.unwrap_or_default()))
}

impl fmt::Display for DropListing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.messages, self.octets)
    }
}

impl fmt::Display for ScanListing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.message, self.octets)
    }
}

impl fmt::Display for UniqueId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.message, self.uid)
    }
}

//! Sets of messages, as a client names them.

use super::{Cursor, ParseError, Range, items::Wire, put_number};
use crate::Misuse;
use alloc::vec::Vec;

/// A part of a set of messages; `None` stands for `*`, the last message there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// One end of it.
    pub first: Option<u32>,
    /// The other end; the same for one message.
    pub last: Option<u32>,
}

impl Sequence {
    /// What it means in a mailbox whose last message has this number or UID, 0 if there is none.
    ///
    /// RFC 3501 9: `3:*` is the same as `*:3`, so it always holds the last message.
    pub fn resolve(self, last: u32) -> Range {
        let (a, b) = (self.first.unwrap_or(last), self.last.unwrap_or(last));
        Range { first: a.min(b), last: a.max(b) }
    }
}

/// ```abnf
/// sequence-set = (seq-number / seq-range) *("," sequence-set)
/// seq-range    = seq-number ":" seq-number
/// seq-number   = nz-number / "*"
/// ```
impl<'a> Wire<'a> for Sequence {
    const SEPARATOR: &'static [u8] = b",";

    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let first = read_number(cursor)?;
        let last = if cursor.try_byte(b':') { read_number(cursor)? } else { first };
        Ok(Self { first, last })
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        write_number(self.first, wire)?;
        if self.last != self.first {
            wire.push(b':');
            write_number(self.last, wire)?;
        }
        Ok(())
    }
}

fn read_number(cursor: &mut Cursor<'_>) -> Result<Option<u32>, ParseError> {
    if cursor.try_byte(b'*') { Ok(None) } else { cursor.nz_number().map(Some) }
}

fn write_number(number: Option<u32>, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    match number {
        Some(0) => return Err(Misuse::Argument("there is no message 0")),
        Some(number) => put_number(wire, u64::from(number)),
        None => wire.push(b'*'),
    }
    Ok(())
}

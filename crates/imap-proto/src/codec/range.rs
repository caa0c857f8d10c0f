//! Sets of messages, as a server tells of them.

use super::{Cursor, ParseError, items::Wire, put_number};
use crate::Misuse;
use alloc::vec::Vec;

/// The numbers or UIDs from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The lowest.
    pub first: u32,
    /// The highest; the same for one message.
    pub last: u32,
}

impl Range {
    /// How many there are.
    pub fn count(&self) -> u64 {
        u64::from(self.last).saturating_sub(u64::from(self.first)) + 1
    }

    /// Whether this is one of them.
    pub fn contains(&self, number: u32) -> bool {
        (self.first..=self.last).contains(&number)
    }
}

impl From<u32> for Range {
    fn from(number: u32) -> Self {
        Self { first: number, last: number }
    }
}

/// ```abnf
/// uid-set   = (uniqueid / uid-range) *("," uid-set)
/// uid-range = (uniqueid ":" uniqueid)      ; 2:4 and 4:2 are equivalent
/// ```
impl<'a> Wire<'a> for Range {
    const SEPARATOR: &'static [u8] = b",";

    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let a = cursor.nz_number()?;
        let b = if cursor.try_byte(b':') { cursor.nz_number()? } else { a };
        Ok(Self { first: a.min(b), last: a.max(b) })
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        if self.first == 0 || self.last < self.first {
            return Err(Misuse::Argument("a range of messages begins with 0 or runs backwards"));
        }
        put_number(wire, u64::from(self.first));
        if self.last > self.first {
            wire.push(b':');
            put_number(wire, u64::from(self.last));
        }
        Ok(())
    }
}

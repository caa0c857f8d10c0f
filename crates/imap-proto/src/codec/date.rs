//! Dates, with and without time.

use super::{Cursor, Fault, ParseError, put_number};
use crate::Misuse;
use alloc::vec::Vec;
use core::fmt;

/// When a message was received, as its server tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime {
    /// The year, 0 to 9999.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute, 0 to 59.
    pub minute: u8,
    /// The second, 0 to 60.
    pub second: u8,
    /// Minutes that local time is ahead of UTC, -1439 to 1439.
    pub offset: i16,
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl DateTime {
    /// Reads what stands between the quotes.
    ///
    /// ```abnf
    /// date-time      = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
    /// date-day-fixed = (SP DIGIT) / 2DIGIT
    /// time           = 2DIGIT ":" 2DIGIT ":" 2DIGIT
    /// zone           = ("+" / "-") 4DIGIT
    /// ```
    ///
    /// # Errors
    /// It is no date, or a part of it is out of its range. That a month has 31 days is not checked.
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        let bad = |at: usize| ParseError::new(Fault::Bad, at, "a date with time");
        let (head, zone) = text.split_at_checked(21).ok_or_else(|| bad(text.len()))?;
        for (at, mark) in [(2, b'-'), (6, b'-'), (11, b' '), (14, b':'), (17, b':'), (20, b' ')] {
            if head[at] != mark {
                return Err(bad(at));
            }
        }
        let number = |at: usize, n: usize, most: u16| {
            let mut digits = &text[at..at + n];
            if at == 0 && digits[0] == b' ' {
                digits = &digits[1..];
            }
            let mut value = 0;
            for digit in digits {
                if !digit.is_ascii_digit() {
                    return Err(bad(at));
                }
                value = value * 10 + u16::from(digit - b'0');
            }
            if value > most { Err(bad(at)) } else { Ok(value) }
        };
        let name = &head[3..6];
        let is_name = |month: &&str| name.eq_ignore_ascii_case(month.as_bytes());
        let month = MONTHS.iter().position(is_name).ok_or_else(|| bad(3))? as u8 + 1;
        if !matches!(zone, [b'+' | b'-', _, _, _, _]) {
            return Err(bad(21));
        }
        let offset = number(22, 2, 23)? as i16 * 60 + number(24, 2, 59)? as i16;
        let day = number(0, 2, 31)? as u8;
        if day == 0 {
            return Err(bad(0));
        }
        Ok(Self {
            year: number(7, 4, 9999)?,
            month,
            day,
            hour: number(12, 2, 23)? as u8,
            minute: number(15, 2, 59)? as u8,
            second: number(18, 2, 60)? as u8,
            offset: if zone[0] == b'-' { -offset } else { offset },
        })
    }

    /// Appends it in quotes.
    ///
    /// # Errors
    /// A part of it is out of its range.
    pub fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        let text = alloc::format!("{self}");
        if Self::parse(text.as_bytes()) != Ok(*self) {
            return Err(Misuse::Argument("a date out of its range"));
        }
        wire.push(b'"');
        wire.extend_from_slice(text.as_bytes());
        wire.push(b'"');
        Ok(())
    }
}

/// As it is sent.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let month = MONTHS.get(usize::from(self.month).wrapping_sub(1)).unwrap_or(&"???");
        let Self { year, day, hour, minute, second, offset, .. } = self;
        let (sign, zone) = (if *offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
        write!(f, "{day:02}-{month}-{year:04} {hour:02}:{minute:02}:{second:02} ")?;
        write!(f, "{sign}{:02}{:02}", zone / 60, zone % 60)
    }
}

/// A day, as SEARCH names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// The year, 0 to 9999.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
}

impl Date {
    /// ```abnf
    /// date      = date-text / DQUOTE date-text DQUOTE
    /// date-text = date-day "-" date-month "-" date-year
    /// date-day  = 1*2DIGIT
    /// ```
    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self, ParseError> {
        let start = *cursor;
        let quoted = cursor.try_byte(b'"');
        let text = cursor.word()?;
        if quoted {
            cursor.byte(b'"', "a closing quote")?;
        }
        Self::from_text(text).map_or_else(|| start.fault("a date"), Ok)
    }

    fn from_text(text: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(text).ok()?;
        let mut parts = text.split('-');
        let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
        let digits = |part: &str, least: usize, most: usize| {
            (least..=most).contains(&part.len()) && part.bytes().all(|octet| octet.is_ascii_digit())
        };
        if parts.next().is_some() || !digits(day, 1, 2) || !digits(year, 4, 4) {
            return None;
        }
        let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
        let day = day.parse().ok().filter(|day| (1..=31).contains(day))?;
        Some(Self { year: year.parse().ok()?, month: month as u8 + 1, day })
    }

    /// Appends it.
    ///
    /// # Errors
    /// A part of it is out of its range.
    pub fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        let month = MONTHS.get(usize::from(self.month).wrapping_sub(1));
        let Some(month) = month.filter(|_| self.year <= 9999 && (1..=31).contains(&self.day))
        else {
            return Err(Misuse::Argument("a date out of its range"));
        };
        put_number(wire, u64::from(self.day));
        wire.extend_from_slice(alloc::format!("-{month}-{:04}", self.year).as_bytes());
        Ok(())
    }
}

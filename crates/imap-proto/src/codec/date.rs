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

    /// The time so many seconds after the beginning of 1970, in UTC. What is before the year 0 or after
    /// 9999 is moved there.
    pub fn from_unix(seconds: i64) -> Self {
        let seconds = seconds.clamp(-62_167_219_200, 253_402_300_799);
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let Date { year, month, day } = Date::from_days(days);
        Self {
            year,
            month,
            day,
            hour: (second / 3600) as u8,
            minute: (second / 60 % 60) as u8,
            second: (second % 60) as u8,
            offset: 0,
        }
    }

    /// How many seconds after the beginning of 1970 it is.
    pub fn unix(&self) -> i64 {
        let [hour, minute, second] = [self.hour, self.minute, self.second].map(i64::from);
        let local = self.date().days() * 86_400 + hour * 3600 + minute * 60 + second;
        local - i64::from(self.offset) * 60
    }

    /// Its day, in its own zone.
    pub fn date(&self) -> Date {
        Date { year: self.year, month: self.month, day: self.day }
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
    /// The day so many days after the first of 1970; the calendar in eras of 400 years, years from March.
    fn from_days(days: i64) -> Self {
        let days = days + 719_468;
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        Self { year: year as u16, month: month as u8, day: day as u8 }
    }

    fn days(self) -> i64 {
        let [year, month, day] = [i64::from(self.year), self.month.into(), self.day.into()];
        let year = year - i64::from(month <= 2);
        let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
        let day = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
        era * 146_097 + year * 365 + year / 4 - year / 100 + day - 719_468
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates() {
        for (seconds, text) in [
            (0, "01-Jan-1970 00:00:00 +0000"),
            (-1, "31-Dec-1969 23:59:59 +0000"),
            (951_782_400, "29-Feb-2000 00:00:00 +0000"),
            (1_790_000_042, "21-Sep-2026 14:14:02 +0000"),
            (4_107_542_399, "28-Feb-2100 23:59:59 +0000"),
            (i64::MIN, "01-Jan-0000 00:00:00 +0000"),
            (i64::MAX, "31-Dec-9999 23:59:59 +0000"),
        ] {
            assert_eq!(DateTime::from_unix(seconds).to_string(), text);
            let read = DateTime::parse(text.as_bytes()).expect("a date");
            assert_eq!(read, DateTime::from_unix(seconds));
            if seconds.unsigned_abs() < 1 << 40 {
                assert_eq!(read.unix(), seconds, "{text}");
            }
        }
        let zone = DateTime::parse(b" 1-Jan-1970 01:30:00 +0130").expect("a date");
        assert_eq!(zone.unix(), 0);
        for day in -1_000_000..1_000_000i64 {
            let date = Date::from_days(day);
            assert!(date.year > 9999 || date.days() == day || day < -719_528, "{day}");
        }
    }
}

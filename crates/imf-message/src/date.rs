//! Dates (RFC 5322 3.3 and 4.3).

use crate::error::Error;
use crate::lex::Lex;
use core::fmt;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n, take_while1};
use nom::character::complete::one_of;
use nom::combinator::{map, map_opt, opt};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// From the day of 1 January 1970 on.
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const DAY: i64 = 86_400;
/// Four digits of zone: 99 hours and 59 minutes.
const MAX_OFFSET: i16 = 99 * 60 + 59;

/// A point in time and the zone it was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Date {
    /// Seconds since 1970-01-01 00:00 UTC, without leap seconds.
    pub unix: i64,
    /// Minutes that local time is ahead of UTC.
    pub offset: i16,
}

impl Date {
    /// A date from seconds since 1970 and the zone's minutes ahead of UTC.
    #[must_use]
    pub const fn new(unix: i64, offset: i16) -> Self {
        Self { unix, offset }
    }

    /// Reads a field value: the day of the week, seconds and zone may be missing (UTC then), comments
    /// may be anywhere, years may have two or three digits, zones may have names.
    ///
    /// # Errors
    /// [`Error::Date`] when it is not a date, or no day of the calendar.
    pub fn parse(value: &[u8]) -> Result<Self, Error> {
        date_time(value).map_or(Err(Error::Date), |(_, date)| Ok(date))
    }

    /// The local year, which four digits have to hold in a message (RFC 5322 3.3: from 1900 on).
    pub(crate) fn year(self) -> i64 {
        civil(self.local().div_euclid(DAY)).0
    }

    fn local(self) -> i64 {
        self.unix.saturating_add(i64::from(self.zone()) * 60)
    }

    fn zone(self) -> i16 {
        self.offset.clamp(-MAX_OFFSET, MAX_OFFSET)
    }
}

impl fmt::Display for Date {
    /// As in a message: `Tue, 1 Jul 2003 10:52:37 +0200`.
    // RFC 5322 3.3: date-time = [day-of-week ","] date time [CFWS]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.local().div_euclid(DAY), self.local().rem_euclid(DAY));
        let (year, month, day) = civil(days);
        let weekday = usize::try_from(days.rem_euclid(7)).map_or("", |d| DAYS[d]);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let sign = if self.zone() < 0 { '-' } else { '+' };
        let zone = self.zone().unsigned_abs();
        write!(
            f,
            "{weekday}, {day} {} {year:04} {hour:02}:{minute:02}:{second:02} {sign}{:02}{:02}",
            MONTHS[month],
            zone / 60,
            zone % 60
        )
    }
}

/// Year, month from 0, and day from 1, of a count of days since 1970: the Gregorian calendar, shifted to
/// begin in March of a year divisible by 400.
fn civil(days: i64) -> (i64, usize, i64) {
    let days = days.saturating_add(719_468);
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = usize::try_from((march + 2) % 12).unwrap_or(0);
    (era * 400 + year + i64::from(month < 2), month, day)
}

/// Days from 1970 to a day; none when the month does not have it.
fn days(year: i64, month: usize, day: i64) -> Option<i64> {
    let march = i64::try_from((month + 10) % 12).ok()?;
    let shifted = year - i64::from(month < 2);
    let (era, of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let of_year = (153 * march + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    (civil(days) == (year, month, day)).then_some(days)
}

fn cfws(input: &[u8]) -> IResult<&[u8], ()> {
    let mut lex = Lex::new(input);
    lex.skip_cfws();
    Ok((lex.rest(), ()))
}

fn number<'a>(
    min: usize,
    max: usize,
) -> impl Parser<&'a [u8], Output = i64, Error = nom::error::Error<&'a [u8]>> {
    map_opt(terminated(take_while_m_n(min, max, |b: u8| b.is_ascii_digit()), cfws), |digits| {
        core::str::from_utf8(digits).ok()?.parse().ok()
    })
}

fn word(input: &[u8]) -> IResult<&[u8], &[u8]> {
    terminated(take_while1(|b: u8| b.is_ascii_alphabetic()), cfws).parse(input)
}

// RFC 5322 3.3: date = day month year; time = hour ":" minute [":" second] FWS zone
fn date_time(input: &[u8]) -> IResult<&[u8], Date> {
    let colon = || terminated(tag(":"), cfws);
    let comma = || terminated(tag(","), cfws);
    let weekday = (opt(word), opt(comma()));
    let date = (number(1, 2), map_opt(word, month), year);
    let time =
        (number(1, 2), preceded(colon(), number(2, 2)), opt(preceded(colon(), number(2, 2))));
    let parts = (cfws, weekday, date, time, opt(zone));
    map_opt(parts, |(_, _, (day, month, year), (hour, minute, second), zone)| {
        // RFC 5322 3.3: a leap second is 60
        let second = second.unwrap_or(0);
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let local = days(year, month, day)? * DAY + hour * 3600 + minute * 60 + second;
        let offset = zone.unwrap_or(0);
        Some(Date { unix: local - i64::from(offset) * 60, offset })
    })
    .parse(input)
}

fn month(word: &[u8]) -> Option<usize> {
    let short = word.get(..3)?;
    MONTHS.iter().position(|m| short.eq_ignore_ascii_case(m.as_bytes()))
}

// RFC 5322 4.3: two digits below 50 are of this century, others and three digits count from 1900
fn year(input: &[u8]) -> IResult<&[u8], i64> {
    let (rest, year) = number(2, 6).parse(input)?;
    let len = input.iter().take_while(|b| b.is_ascii_digit()).count();
    Ok((
        rest,
        match (len, year) {
            (2, 0..50) => year + 2000,
            (2 | 3, _) => year + 1900,
            _ => year,
        },
    ))
}

// RFC 5322 3.3: zone = (FWS ( "+" / "-" ) 4DIGIT) / (FWS obs-zone)
fn zone(input: &[u8]) -> IResult<&[u8], i16> {
    let digits = map_opt((one_of("+-"), number(4, 4)), |(sign, zone)| {
        let zone = i16::try_from(zone / 100 * 60 + zone % 100).ok().filter(|_| zone % 100 < 60)?;
        Some(if sign == '-' { -zone } else { zone })
    });
    alt((digits, map(word, zone_name))).parse(input)
}

// RFC 5322 4.3: what is not in the list, military letters too, counts as -0000
fn zone_name(name: &[u8]) -> i16 {
    let hours = match name.to_ascii_uppercase().as_slice() {
        b"EDT" => -4,
        b"EST" | b"CDT" => -5,
        b"CST" | b"MDT" => -6,
        b"MST" | b"PDT" => -7,
        b"PST" => -8,
        _ => 0,
    };
    hours * 60
}

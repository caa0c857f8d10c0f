use std::{fmt, str::FromStr, time::Duration};

/// The digits of the milliseconds, and of the random part.
const DIGITS: usize = 12 + 8;

/// The name of an entry: when it came, and random bits. Ids sort by time, and are file names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    millis: u64,
    random: u32,
}

/// Text that is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id has {DIGITS} digits of 0-9 and a-f")]
pub struct IdError;

impl Id {
    /// No id sorts before it.
    pub(crate) const FIRST: Self = Self { millis: 0, random: 0 };

    /// The id of what comes at this time since the beginning of 1970. 48 bits of milliseconds count.
    pub fn new(now: Duration, random: u32) -> Self {
        let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX) & 0xffff_ffff_ffff;
        Self { millis, random }
    }

    /// When it came, in milliseconds since the beginning of 1970.
    pub fn time(&self) -> Duration {
        Duration::from_millis(self.millis)
    }

    /// Its random bits.
    pub fn random(&self) -> u32 {
        self.random
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}{:08x}", self.millis, self.random)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let is_digit = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != DIGITS || !text.bytes().all(is_digit) {
            return Err(IdError);
        }
        let (millis, random) = text.split_at(12);
        let millis = u64::from_str_radix(millis, 16).map_err(|_| IdError)?;
        let random = u32::from_str_radix(random, 16).map_err(|_| IdError)?;
        Ok(Self { millis, random })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_are_read_back() {
        let at = |millis| Id::new(Duration::from_millis(millis), 0xffff_ffff);
        let (one, two) = (at(1_790_000_000_000), at(1_790_000_000_001));
        assert!(one < two && one.to_string() < two.to_string());
        assert_eq!(one.to_string().parse(), Ok(one));
        assert_eq!(Id::new(one.time(), one.random()), one);
        let last = Id::new(Duration::MAX, u32::MAX);
        assert_eq!(last.to_string().parse(), Ok(last));
        for text in [
            "",
            "x",
            "../../../etc/passwd",
            "0000000000000000000g",
            "00000000000000000000a",
            "+0000000000000000000",
            "ABCDEF00000000000000",
        ] {
            assert_eq!(text.parse::<Id>(), Err(IdError), "{text}");
        }
    }
}

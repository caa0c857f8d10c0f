use core::{
    fmt,
    ops::{Add, Sub},
    time::Duration,
};

/// A moment, in microseconds since an origin that the driver chose.
///
/// No machine reads a clock: a driver turns its own clock into an `Instant`, and a test jumps to any
/// moment it likes. Arithmetic saturates, so a far deadline never wraps around into the past.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    /// The origin itself.
    pub const ORIGIN: Self = Self(0);

    /// The moment `since` after the origin.
    pub fn from_origin(since: Duration) -> Self {
        Self(micros(since))
    }

    /// How long after the origin this moment is.
    pub fn since_origin(self) -> Duration {
        Duration::from_micros(self.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, more: Duration) -> Self {
        Self(self.0.saturating_add(micros(more)))
    }
}

/// The time from the right moment to the left one; zero if that is not later.
impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.since_origin())
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        let late = Instant::from_origin(Duration::MAX);
        assert_eq!(late + Duration::from_secs(1), late);
        assert_eq!(Instant::ORIGIN - late, Duration::ZERO);
        let second = Instant::ORIGIN + Duration::from_secs(1);
        assert_eq!(second - Instant::ORIGIN, Duration::from_secs(1));
        assert_eq!(second.since_origin(), Duration::from_secs(1));
    }
}

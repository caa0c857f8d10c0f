use posta_core::Instant;
use std::time::Duration;

/// Stands in for a moment that the platform's clock cannot express.
const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The origin of a driver's [`Instant`]s: turns the platform's clock into the machines' and back.
///
/// It reads tokio's clock, which is the system's monotonic one unless a test has paused it. One clock
/// serves any number of connections; a copy has the same origin.
///
/// ```
/// let clock = posta_net::Clock::start();
/// let now = clock.now();
/// assert_eq!(clock.instant(clock.at(now)), now);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Clock(tokio::time::Instant);

impl Clock {
    /// A clock whose origin is now.
    pub fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    /// The time now.
    pub fn now(&self) -> Instant {
        self.instant(tokio::time::Instant::now())
    }

    /// A moment of tokio's clock as a machine sees it; the origin, if it lies before that.
    pub fn instant(&self, at: tokio::time::Instant) -> Instant {
        Instant::from_origin(at.saturating_duration_since(self.0))
    }

    /// A machine's moment on tokio's clock. What is too far away for that is put off by a century.
    pub fn at(&self, at: Instant) -> tokio::time::Instant {
        self.0.checked_add(at.since_origin()).unwrap_or_else(|| self.0 + FAR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_moments_both_ways() {
        let clock = Clock::start();
        let at = Instant::ORIGIN + Duration::from_millis(1500);
        assert_eq!(clock.instant(clock.at(at)), at);
        assert_eq!(clock.at(Instant::ORIGIN), clock.0);
        let later = Clock(clock.0 + Duration::from_secs(1));
        assert_eq!(later.instant(clock.0), Instant::ORIGIN);
    }

    #[test]
    fn the_farthest_moment_does_not_overflow() {
        let clock = Clock::start();
        assert!(clock.at(Instant::from_origin(Duration::MAX)) >= clock.0 + FAR);
    }
}

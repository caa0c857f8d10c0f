use crate::{Due, Envelope};
use std::time::Duration;

/// When to try again, when to tell the sender, and when to give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The pause after the first attempt: 5 minutes.
    pub first: Duration,
    /// The longest pause: 4,000 seconds.
    pub longest: Duration,
    /// The age at which the sender is told that the message is late: 4 hours.
    pub notice: Duration,
    /// The age at which it is given up: 5 days. RFC 5321 4.5.4.1
    pub life: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(300),
            longest: Duration::from_secs(4000),
            notice: Duration::from_secs(4 * 3600),
            life: Duration::from_secs(5 * 24 * 3600),
        }
    }
}

impl Retry {
    /// When to try again what failed now: after as long as the message is old, so pauses double, but within
    /// the bounds, and 10 % earlier or later. `random`, which is any number, spreads what came together.
    ///
    /// A message that would not be tried any more within its life is tried once at its end.
    pub fn next(&self, arrived: Duration, now: Duration, random: u32) -> Duration {
        let age = now.saturating_sub(arrived);
        let pause = age.min(self.longest).max(self.first);
        // From 900 to 1100 thousandths.
        let pause = pause.saturating_mul(900 + random % 201) / 1000;
        let next = now.saturating_add(pause);
        let end = arrived.saturating_add(self.life);
        if now < end { next.min(end) } else { next }
    }

    /// When an entry of the queue is to be tried, as its envelope has it.
    pub fn due(&self, envelope: &Envelope) -> Due {
        let end = envelope.arrived.saturating_add(self.life);
        let notice = envelope.arrived.saturating_add(self.notice);
        let deadline = if envelope.notified { end } else { end.min(notice) };
        Due { at: envelope.next, deadline, new: envelope.attempts == 0 }
    }

    /// Whether it is time to tell the sender that the message is late.
    pub fn is_late(&self, arrived: Duration, now: Duration) -> bool {
        now.saturating_sub(arrived) >= self.notice
    }

    /// Whether it is time to give up.
    pub fn is_over(&self, arrived: Duration, now: Duration) -> bool {
        now.saturating_sub(arrived) >= self.life
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The attempts at a host that never answers.
    fn attempts(retry: &Retry, random: u32) -> Vec<u64> {
        let arrived = Duration::from_secs(1_790_000_000);
        let mut now = arrived;
        let mut at = Vec::new();
        while !retry.is_over(arrived, now) {
            now = retry.next(arrived, now, random);
            at.push((now - arrived).as_secs());
        }
        at
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let at = attempts(&Retry::default(), 100);
        assert_eq!(at[..6], [300, 600, 1200, 2400, 4800, 8800]);
        assert_eq!(at.last(), Some(&(5 * 24 * 3600)), "one at the very end");
        assert_eq!(at.len(), 112);
    }

    #[test]
    fn the_random_number_moves_it_a_tenth() {
        let (arrived, now) = (Duration::ZERO, Duration::from_secs(1000));
        let retry = Retry::default();
        let next = |random| (retry.next(arrived, now, random) - now).as_secs();
        assert_eq!((next(0), next(100), next(200), next(201)), (900, 1000, 1100, 900));
    }

    /// Clocks jump, and configurations are odd.
    #[test]
    fn no_time_is_too_odd() {
        let odd = [Duration::ZERO, Duration::from_secs(1), Duration::MAX];
        for first in odd {
            for longest in odd {
                let retry = Retry { first, longest, notice: longest, life: first };
                for (arrived, now) in odd.iter().flat_map(|a| odd.map(|b| (*a, b))) {
                    assert!(retry.next(arrived, now, u32::MAX) >= now);
                    let _ = (retry.is_late(arrived, now), retry.is_over(arrived, now));
                }
            }
        }
    }
}

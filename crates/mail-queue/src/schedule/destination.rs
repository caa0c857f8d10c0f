use super::{Limits, Line};
use std::time::Duration;

/// The number of a destination, which is not used again.
pub(super) type Key = u64;

/// What is known of a destination while there are entries for it.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    pub(super) name: Box<str>,
    /// How many entries are for it, waiting or under way.
    pub(super) entries: usize,
    /// Attempts under way.
    pub(super) running: usize,
    /// How many there may be; none once it could not be reached so often that it pauses.
    window: usize,
    /// Attempts that reached it, in a row.
    successes: usize,
    pause: Duration,
    paused_until: Duration,
    /// The line that had the last turn.
    pub(super) last: Line,
    /// What is noted of it in the index of each line.
    pub(super) ready: [Option<Duration>; Line::ALL.len()],
}

impl Destination {
    pub(super) fn new(name: &str, limits: &Limits) -> Self {
        Self {
            name: name.into(),
            entries: 0,
            running: 0,
            window: limits.start.max(1),
            successes: 0,
            pause: Duration::ZERO,
            paused_until: Duration::ZERO,
            last: Line::Again,
            ready: [None; Line::ALL.len()],
        }
    }

    /// Whether one more attempt may begin now.
    pub(super) fn is_free(&self, now: Duration) -> bool {
        self.paused_until <= now && self.has_room()
    }

    /// When the first in this line, who is due at `first`, has its turn; `None` if an attempt must end before.
    pub(super) fn ready_at(&self, line: Line, first: Duration) -> Option<Duration> {
        match line {
            Line::Deadline => (self.window == 0).then_some(first),
            _ => self.has_room().then_some(first.max(self.paused_until)),
        }
    }

    /// Learns from an attempt: the more reach it, the more may begin at once.
    pub(super) fn learn(&mut self, reached: bool, now: Duration, limits: &Limits) {
        if !reached {
            self.successes = 0;
            if self.window > 1 {
                self.window -= 1;
            } else if self.paused_until <= now {
                // Those that had begun before it paused tell nothing new.
                self.window = 0;
                let pause = self.pause.saturating_mul(2).max(limits.pause);
                self.pause = pause.min(limits.longest_pause);
                self.paused_until = now.saturating_add(self.pause);
            }
            return;
        }
        self.successes += 1;
        if self.window == 0 {
            (self.window, self.successes) = (limits.start.max(1), 0);
            (self.pause, self.paused_until) = (Duration::ZERO, Duration::ZERO);
        } else if self.successes >= self.window && self.window < limits.most {
            (self.window, self.successes) = (self.window + 1, 0);
        }
    }

    fn has_room(&self) -> bool {
        self.running < self.window.max(1)
    }
}

//! Thousands of messages fall due in the same minute, most of them for hosts that are dead or slow, while new
//! ones come every second: ten minutes of that, and the day after, in simulated time.
#![allow(clippy::unwrap_used)]

use mail_queue::{Attempt, Envelope, Id, Limits, Retry, Schedule};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

const NOW: Duration = Duration::from_secs(1_790_000_000);

/// How the hosts of a destination behave.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Host {
    /// Takes a message in 50 ms.
    Healthy,
    /// Takes one in a minute.
    Slow,
    /// Refuses the connection at once.
    Down,
    /// Never answers.
    Silent,
}

impl Host {
    fn of(name: &str) -> Self {
        match name.split('-').next() {
            Some("slow") => Self::Slow,
            Some("down") => Self::Down,
            Some("silent") => Self::Silent,
            _ => Self::Healthy,
        }
    }

    fn takes(self) -> Duration {
        Duration::from_millis(match self {
            Self::Healthy => 50,
            Self::Slow => 60_000,
            Self::Down => 1,
            Self::Silent => 30_000,
        })
    }

    fn is_reached(self) -> bool {
        matches!(self, Self::Healthy | Self::Slow)
    }
}

#[derive(Default)]
struct Simulation {
    schedule: Schedule,
    limits: Limits,
    retry: Retry,
    now: Duration,
    /// What is in the queue, and where it goes.
    messages: BTreeMap<Id, (Envelope, String)>,
    count: u32,
    ends: BTreeSet<(Duration, Id, bool)>,
    under_way: BTreeMap<String, usize>,
    /// When the new messages to healthy hosts came that were not tried yet.
    waiting: BTreeMap<Id, Duration>,
    longest_wait: Duration,
    attempts: BTreeMap<Host, usize>,
    delivered: usize,
    given_up: usize,
}

impl Simulation {
    fn enter(&mut self, name: &str, arrived: Duration, attempts: u32) {
        self.count += 1;
        let id = Id::new(arrived, self.count);
        let mut envelope = Envelope::new("ana@a.org", arrived);
        envelope.attempts = attempts;
        let within_a_minute = NOW + Duration::from_millis(u64::from(self.count * 7 % 60_000));
        envelope.next = if attempts == 0 { arrived } else { within_a_minute };
        self.schedule.insert(id, self.retry.due(&envelope), [name]);
        self.messages.insert(id, (envelope, name.to_owned()));
        if attempts == 0 && Host::of(name) == Host::Healthy {
            self.waiting.insert(id, arrived);
        }
    }

    fn begin(&mut self, attempt: Attempt) {
        let Attempt { id, destinations } = attempt;
        if let Some(came) = self.waiting.remove(&id) {
            self.longest_wait = self.longest_wait.max(self.now - came);
        }
        let Some(name) = destinations.first() else {
            // Something is written down.
            self.ends.insert((self.now + Duration::from_millis(5), id, false));
            return;
        };
        let host = Host::of(name);
        *self.attempts.entry(host).or_default() += 1;
        *self.under_way.entry(name.clone()).or_default() += 1;
        assert!(self.under_way[name] <= self.limits.most);
        self.ends.insert((self.now + host.takes(), id, true));
        assert!(self.ends.len() <= self.limits.attempts);
    }

    fn end(&mut self, id: Id, tried: bool) {
        let (envelope, name) = self.messages.get_mut(&id).unwrap();
        let reached = tried && Host::of(name).is_reached();
        if tried {
            *self.under_way.get_mut(name).unwrap() -= 1;
            self.schedule.report(&id, name, reached, self.now);
            let next = self.retry.next(envelope.arrived, self.now, self.count);
            envelope.put_off(next);
        }
        envelope.notified |= self.retry.is_late(envelope.arrived, self.now);
        let over = self.retry.is_over(envelope.arrived, self.now);
        self.delivered += usize::from(reached);
        self.given_up += usize::from(over && !reached);
        if over {
            let lag = self.now - envelope.arrived - self.retry.life;
            assert!(lag < Duration::from_secs(600), "given up {lag:?} too late");
        }
        let left = (!reached && !over).then_some(&*name);
        self.schedule.done(&id, self.retry.due(envelope), left);
        if reached || over {
            self.messages.remove(&id);
        }
    }

    /// Goes on until `until`, or until nothing is left.
    fn run(&mut self, until: Duration) {
        loop {
            while let Some(attempt) = self.schedule.take(self.now) {
                self.begin(attempt);
            }
            let end = self.ends.first().map(|end| end.0);
            let next = end.into_iter().chain(self.schedule.next()).min();
            match next.filter(|next| *next < until) {
                None => break,
                Some(next) => self.now = next,
            }
            let later = self.ends.split_off(&(
                self.now + Duration::from_nanos(1),
                Id::new(Duration::ZERO, 0),
                false,
            ));
            for (_, id, tried) in std::mem::replace(&mut self.ends, later) {
                self.end(id, tried);
            }
        }
        self.now = until;
    }
}

#[test]
fn a_backlog_holds_up_nobody() {
    let retry = Retry { life: Duration::from_secs(24 * 3600), ..Retry::default() };
    let mut world = Simulation { now: NOW, retry, ..Simulation::default() };
    let two_hours_ago = NOW - Duration::from_secs(7200);
    for (kind, hosts, messages) in [
        ("silent", 200, 4000),
        ("silent-alone", 300, 1000),
        ("down", 50, 3000),
        ("slow", 4, 1000),
        ("busy", 3, 6000),
    ] {
        for n in 0..messages {
            world.enter(&format!("{kind}-{}", n % hosts), two_hours_ago, 5);
        }
    }
    for second in 0..600 {
        world.run(NOW + Duration::from_secs(second));
        for name in ["fine-1", "busy-0", "silent-0", "down-new"] {
            world.enter(name, world.now, 0);
        }
    }
    world.run(NOW + Duration::from_secs(2 * 24 * 3600));
    let longest = world.longest_wait;
    assert!(longest < Duration::from_millis(500), "a new message had to wait for {longest:?}");
    assert!(world.waiting.is_empty() && world.messages.is_empty() && world.schedule.is_empty());
    assert_eq!((world.delivered, world.given_up), (7000 + 2 * 600, 8000 + 2 * 600));
    // One attempt at a dead host stands for all that is for it.
    let in_vain = world.attempts[&Host::Silent] + world.attempts[&Host::Down];
    assert!(in_vain < 200_000, "{:?}", world.attempts);
}

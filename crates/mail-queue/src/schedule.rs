//! Which entry is to be tried when, and where.

mod destination;
mod lines;

use crate::Id;
use destination::{Destination, Key};
use lines::{Line, Lines};
use std::{
    collections::{BTreeSet, HashMap},
    mem,
    time::Duration,
};

/// How much is tried at once, and how a destination that cannot be reached is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Attempts under way, each a message at one destination: 1000. Neither what is new nor what was tried
    /// before takes more than three quarters of them.
    pub attempts: usize,
    /// Attempts at one destination at once, to begin with: 5. It is one more after as many successes in a
    /// row as it has attempts at once, and one less after each failure.
    pub start: usize,
    /// Attempts at one destination at once, at most: 20.
    pub most: usize,
    /// The pause of a destination that no attempt is left for, which then gets a single one: 5 minutes,
    /// twice as long each time that this fails too.
    pub pause: Duration,
    /// The longest such pause: 4,000 seconds.
    pub longest_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempts: 1000,
            start: 5,
            most: 20,
            pause: Duration::from_secs(300),
            longest_pause: Duration::from_secs(4000),
        }
    }
}

/// When an entry is to be tried; see [`Retry::due`](crate::Retry::due).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Not before.
    pub at: Duration,
    /// When something is to be done about it even if its destination pauses: to tell its sender that it is
    /// late, or to give it up.
    pub deadline: Duration,
    /// Whether it has never been tried.
    pub new: bool,
}

/// An entry whose time has come; see [`Schedule::take`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The entry.
    pub id: Id,
    /// The destinations to try now: not those whose time has not come or which have enough to do, and none
    /// that pauses. It may be empty: then the entry has met its deadline.
    pub destinations: Vec<String>,
}

/// Which entry is to be tried when, and where. Times are since the beginning of 1970.
///
/// A destination is any text: a domain, or a host that takes the mail of many. An entry waits in line at each
/// of its destinations. A destination that is slow or cannot be reached holds up its own line only, and
/// what is new and what was tried before take turns, so a message to a healthy host goes out at once, however much is
/// waiting.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    limits: Limits,
    /// What waits.
    entries: HashMap<Id, Entry>,
    under_way: HashMap<Id, UnderWay>,
    /// Who waits where, in order.
    lines: Lines,
    names: HashMap<Box<str>, Key>,
    destinations: HashMap<Key, Destination>,
    /// For each line, when which destination can be tried next; those that have enough to do are not in it.
    ready: [BTreeSet<(Duration, Key)>; Line::ALL.len()],
    /// How many attempts are under way, of what is new and of what was tried before.
    running: [usize; 2],
    last_key: Key,
}

#[derive(Clone, Debug)]
struct Entry {
    due: Due,
    stops: Vec<Stop>,
}

/// A destination of an entry, and when it is to be tried.
#[derive(Clone, Copy, Debug)]
struct Stop {
    key: Key,
    at: Duration,
}

#[derive(Clone, Debug)]
struct UnderWay {
    entry: Entry,
    /// Those that are being tried.
    tried: Vec<Key>,
    /// Those of them that nothing was heard of yet.
    open: Vec<Key>,
}

impl Schedule {
    /// An empty one.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Notes when and where an entry is to be tried, in place of what was noted before. It needs at least
    /// one destination.
    pub fn insert<S: AsRef<str>>(
        &mut self,
        id: Id,
        due: Due,
        destinations: impl IntoIterator<Item = S>,
    ) {
        let before = self.take_out(&id);
        let mut entry = Entry { due, stops: Vec::new() };
        for name in destinations {
            let key = self.key(name.as_ref());
            if entry.stops.iter().all(|stop| stop.key != key) {
                entry.stops.push(Stop { key, at: due.at });
            }
        }
        self.enter(id, entry);
        if let Some(before) = before {
            self.forget(&before);
        }
    }

    /// Takes an entry whose time has come. It is under way until it is [`done`](Self::done) or
    /// [`put_off`](Self::put_off).
    ///
    /// What is new comes first, and what has waited for longest. At one destination the new ones and the
    /// others take turns.
    pub fn take(&mut self, now: Duration) -> Option<Attempt> {
        let (key, line) = self.choose(now)?;
        let (_, id) = self.lines.first(key, line)?;
        self.start(id, now)
    }

    /// When [`take`](Self::take) has something to give if nothing happens before: no attempt ends, and
    /// nothing is inserted. `None` if it has to wait for that.
    pub fn next(&self) -> Option<Duration> {
        let first = |line: Line| self.ready[line as usize].first().map(|(at, _)| *at);
        Line::ALL.into_iter().filter(|line| self.room(*line) > 0).filter_map(first).min()
    }

    /// Notes how the attempt at one destination of an entry ended: whether some host of it listened to us,
    /// whatever it then said.
    pub fn report(&mut self, id: &Id, destination: &str, reached: bool, now: Duration) {
        let Some(&key) = self.names.get(destination) else { return };
        let Some(under_way) = self.under_way.get_mut(id) else { return };
        let Some(n) = under_way.open.iter().position(|open| *open == key) else { return };
        under_way.open.swap_remove(n);
        let class = class(&under_way.entry);
        self.running[class] -= 1;
        if let Some(destination) = self.destinations.get_mut(&key) {
            destination.running -= 1;
            destination.learn(reached, now, &self.limits);
        }
        self.update(key);
    }

    /// Ends an attempt. At the destinations that are `left` the entry waits until it is due, or, where it
    /// was not tried, as it did before. If none is left, it is forgotten.
    pub fn done<S: AsRef<str>>(&mut self, id: &Id, due: Due, left: impl IntoIterator<Item = S>) {
        let Some(before) = self.end(id) else { return };
        let mut entry = Entry { due, stops: Vec::new() };
        for name in left {
            let key = self.key(name.as_ref());
            let untried = |stop: &&Stop| stop.key == key && !before.tried.contains(&key);
            let at = before.entry.stops.iter().find(untried).map_or(due.at, |stop| stop.at);
            if entry.stops.iter().all(|stop| stop.key != key) {
                entry.stops.push(Stop { key, at });
            }
        }
        self.enter(*id, entry);
        self.forget(&before.entry);
    }

    /// Ends an attempt that nothing has come of: not before `at` the entry is tried again.
    pub fn put_off(&mut self, id: &Id, at: Duration) {
        let Some(UnderWay { mut entry, .. }) = self.end(id) else { return };
        let before = entry.clone();
        entry.due.at = entry.due.at.max(at);
        entry.stops.iter_mut().for_each(|stop| stop.at = stop.at.max(at));
        self.enter(*id, entry);
        self.forget(&before);
    }

    /// Forgets an entry, whether it waits or is under way.
    pub fn remove(&mut self, id: &Id) {
        if let Some(entry) = self.take_out(id) {
            self.forget(&entry);
        }
    }

    /// How many entries wait or are under way.
    pub fn len(&self) -> usize {
        self.entries.len() + self.under_way.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The destination to serve next, and from which of its lines.
    fn choose(&self, now: Duration) -> Option<(Key, Line)> {
        let ready = |line: Line| {
            let (at, key) = self.ready[line as usize].first()?;
            (*at <= now && self.room(line) > 0).then_some(*key)
        };
        if let Some(key) = ready(Line::Deadline) {
            return Some((key, Line::Deadline));
        }
        let Some(key) = ready(Line::New) else { return Some((ready(Line::Again)?, Line::Again)) };
        let others_turn = self.room(Line::Again) > 0
            && self.destinations.get(&key).is_some_and(|destination| {
                let others = destination.ready[Line::Again as usize];
                destination.last == Line::New && others.is_some_and(|at| at <= now)
            });
        Some((key, if others_turn { Line::Again } else { Line::New }))
    }

    /// How many attempts more this line may begin.
    fn room(&self, line: Line) -> usize {
        let all = self.limits.attempts.max(1);
        let own = self.running[usize::from(line != Line::New)];
        let share = (all - all / 4).saturating_sub(own);
        share.min(all.saturating_sub(self.running.iter().sum()))
    }

    fn start(&mut self, id: Id, now: Duration) -> Option<Attempt> {
        let entry = self.leave(&id)?;
        let line = entry.line();
        let mut room = self.room(line);
        let (mut tried, mut destinations) = (Vec::new(), Vec::new());
        for stop in &entry.stops {
            let Some(destination) = self.destinations.get_mut(&stop.key) else { continue };
            if stop.at <= now && room > 0 && destination.is_free(now) {
                destination.running += 1;
                destination.last = line;
                room -= 1;
                tried.push(stop.key);
                destinations.push(destination.name.to_string());
            }
        }
        // Nothing to try is work all the same: something is to be written down.
        self.running[class(&entry)] += tried.len().max(1);
        tried.iter().for_each(|key| self.update(*key));
        self.under_way.insert(id, UnderWay { entry, open: tried.clone(), tried });
        Some(Attempt { id, destinations })
    }

    /// Ends an attempt; what was not reported is as if it had not been tried.
    fn end(&mut self, id: &Id) -> Option<UnderWay> {
        let under_way = self.under_way.remove(id)?;
        let nothing_tried = usize::from(under_way.tried.is_empty());
        self.running[class(&under_way.entry)] -= under_way.open.len() + nothing_tried;
        for key in &under_way.open {
            if let Some(destination) = self.destinations.get_mut(key) {
                destination.running -= 1;
            }
            self.update(*key);
        }
        Some(under_way)
    }

    /// Takes an entry from wherever it is.
    fn take_out(&mut self, id: &Id) -> Option<Entry> {
        self.end(id).map(|ended| ended.entry).or_else(|| self.leave(id))
    }

    /// Puts an entry into the lines of its destinations.
    fn enter(&mut self, id: Id, entry: Entry) {
        if entry.stops.is_empty() {
            return;
        }
        for stop in &entry.stops {
            self.lines.insert(stop.key, entry.line(), stop.at, id);
            self.lines.insert(stop.key, Line::Deadline, entry.deadline(), id);
            if let Some(destination) = self.destinations.get_mut(&stop.key) {
                destination.entries += 1;
            }
            self.update(stop.key);
        }
        self.entries.insert(id, entry);
    }

    /// Takes an entry out of the lines, but does not yet [`forget`](Self::forget) its destinations.
    fn leave(&mut self, id: &Id) -> Option<Entry> {
        let entry = self.entries.remove(id)?;
        for stop in &entry.stops {
            self.lines.remove(stop.key, entry.line(), stop.at, *id);
            self.lines.remove(stop.key, Line::Deadline, entry.deadline(), *id);
            self.update(stop.key);
        }
        Some(entry)
    }

    /// Notes that an entry is not at these destinations any more. What nobody waits for is forgotten.
    fn forget(&mut self, entry: &Entry) {
        for Stop { key, .. } in &entry.stops {
            let Some(destination) = self.destinations.get_mut(key) else { continue };
            destination.entries -= 1;
            if destination.entries == 0 {
                self.names.remove(&destination.name);
                self.destinations.remove(key);
            }
        }
    }

    fn key(&mut self, name: &str) -> Key {
        if let Some(key) = self.names.get(name) {
            return *key;
        }
        self.last_key += 1;
        self.names.insert(name.into(), self.last_key);
        self.destinations.insert(self.last_key, Destination::new(name, &self.limits));
        self.last_key
    }

    /// Notes anew when a destination can be tried, for each of its lines.
    fn update(&mut self, key: Key) {
        let Some(destination) = self.destinations.get_mut(&key) else { return };
        for line in Line::ALL {
            let first = self.lines.first(key, line).map(|(at, _)| at);
            let ready = first.and_then(|first| destination.ready_at(line, first));
            let noted = mem::replace(&mut destination.ready[line as usize], ready);
            if noted != ready {
                let index = &mut self.ready[line as usize];
                if let Some(at) = noted {
                    index.remove(&(at, key));
                }
                if let Some(at) = ready {
                    index.insert((at, key));
                }
            }
        }
    }
}

impl Entry {
    fn line(&self) -> Line {
        if self.due.new { Line::New } else { Line::Again }
    }

    /// What was put off is put off, whatever the deadline.
    fn deadline(&self) -> Duration {
        self.due.deadline.max(self.due.at)
    }
}

/// Its place in `running`.
fn class(entry: &Entry) -> usize {
    usize::from(!entry.due.new)
}

#[cfg(test)]
mod tests;

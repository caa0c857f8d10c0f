use super::Key;
use crate::Id;
use std::{collections::BTreeSet, time::Duration};

/// The lines in which entries wait at a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Line {
    /// What was never tried, by the time at which it is due.
    New,
    /// What was tried before, likewise.
    Again,
    /// Everything, by its deadline. It moves only while the destination pauses.
    Deadline,
}

impl Line {
    pub(super) const ALL: [Self; 3] = [Self::New, Self::Again, Self::Deadline];
}

/// All lines of all destinations. One set for all: most destinations have a single entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(BTreeSet<(Key, Line, Duration, Id)>);

impl Lines {
    pub(super) fn insert(&mut self, key: Key, line: Line, at: Duration, id: Id) {
        self.0.insert((key, line, at, id));
    }

    pub(super) fn remove(&mut self, key: Key, line: Line, at: Duration, id: Id) {
        self.0.remove(&(key, line, at, id));
    }

    /// Who is first in a line.
    pub(super) fn first(&self, key: Key, line: Line) -> Option<(Duration, Id)> {
        let from = (key, line, Duration::ZERO, Id::FIRST);
        let (found, in_line, at, id) = self.0.range(from..).next()?;
        (*found == key && *in_line == line).then_some((*at, *id))
    }
}

use crate::Id;
use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

/// Which entry is due when. Times are since the beginning of 1970.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    order: BTreeSet<(Duration, Id)>,
    due: HashMap<Id, Duration>,
}

impl Schedule {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes when an entry is due, in place of what was noted before.
    pub fn insert(&mut self, id: Id, due: Duration) {
        self.remove(&id);
        self.order.insert((due, id));
        self.due.insert(id, due);
    }

    /// Forgets an entry.
    pub fn remove(&mut self, id: &Id) {
        if let Some(due) = self.due.remove(id) {
            self.order.remove(&(due, *id));
        }
    }

    /// When the first entry is due.
    pub fn next(&self) -> Option<Duration> {
        self.order.first().map(|(due, _)| *due)
    }

    /// Takes out the entry that has been due for longest; the older one of two.
    pub fn take_due(&mut self, now: Duration) -> Option<Id> {
        let (due, id) = *self.order.first()?;
        if due > now {
            return None;
        }
        self.remove(&id);
        Some(id)
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.due.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }
}

impl FromIterator<(Id, Duration)> for Schedule {
    fn from_iter<I: IntoIterator<Item = (Id, Duration)>>(entries: I) -> Self {
        let mut schedule = Self::default();
        entries.into_iter().for_each(|(id, due)| schedule.insert(id, due));
        schedule
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_comes_first() {
        let at = Duration::from_secs;
        let id = |n| Id::new(at(n), 0);
        let mut schedule: Schedule =
            [(id(1), at(30)), (id(2), at(20)), (id(3), at(20))].into_iter().collect();
        assert_eq!((schedule.next(), schedule.take_due(at(19))), (Some(at(20)), None));
        schedule.insert(id(1), at(10));
        schedule.remove(&id(9));
        assert_eq!(schedule.len(), 3);
        let order: Vec<_> = std::iter::from_fn(|| schedule.take_due(at(20))).collect();
        assert_eq!(order, [id(1), id(2), id(3)]);
        assert!(schedule.is_empty() && schedule.next().is_none());
    }
}

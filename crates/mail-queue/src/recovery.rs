use crate::{
    Envelope, Error, Id, Spool,
    spool::{mail, state},
};
use posta_core::disk::Disk;
use std::{collections::HashSet, vec};

/// What a former run has left in a spool, in no order; see [`Spool::open`]. One envelope at a time is read, as
/// each is asked for. The messages themselves are looked at when they are sent.
#[derive(Debug)]
pub struct Recovery<D> {
    spool: Spool<D>,
    /// Those still to be read.
    left: vec::IntoIter<Id>,
    states: HashSet<Id>,
    removed: usize,
    /// The entry whose state was put aside: its envelope is as it was in the beginning.
    without_state: Option<Id>,
}

/// A file that a former run has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An entry as it is now.
    Entry(Id, Envelope),
    /// An entry that the disk did not hand out. It is still there: [`Spool::entry`] may read it later.
    Unread(Id, Error),
    /// A damaged file, which was put aside into `corrupt` under this name.
    Corrupt(String, Error),
}

impl<D: Disk + Clone> Recovery<D> {
    pub(crate) fn new(spool: Spool<D>) -> Result<Self, Error> {
        let mut removed = remove_all(&spool.disk, "tmp/", names(&spool.disk, "tmp")?)?;
        let mail = ids(&spool.disk, "mail")?;
        let mut states = ids(&spool.disk, "state")?;
        // Its message has gone first.
        let orphans: Vec<Id> = states.difference(&mail).copied().collect();
        for id in &orphans {
            states.remove(id);
        }
        removed += remove_all(&spool.disk, "state/", orphans)?;
        let left = mail.into_iter().collect::<Vec<_>>().into_iter();
        Ok(Self { spool, left, states, removed, without_state: None })
    }

    /// How many entries are still to be read.
    pub fn left(&self) -> usize {
        self.left.len() + usize::from(self.without_state.is_some())
    }

    /// How many unfinished messages and left-over files were removed when the spool was opened.
    pub fn removed(&self) -> usize {
        self.removed
    }

    fn read(&mut self, id: Id) -> Found {
        let has_state = self.states.remove(&id);
        let path = if has_state { state(&id) } else { mail(&id) };
        let error = match self.spool.read_record(&path) {
            Ok(envelope) => return Found::Entry(id, envelope),
            Err(error) => error,
        };
        let aside = match error {
            Error::Corrupt { .. } if has_state => self.put_state_aside(id),
            Error::Corrupt { .. } => self.spool.put_aside(&id).map(|()| id.to_string()),
            _ => return Found::Unread(id, error),
        };
        match aside {
            Ok(name) => Found::Corrupt(name, error),
            Err(error) => Found::Unread(id, error),
        }
    }

    /// The envelope as it was in the beginning is the next to be read.
    fn put_state_aside(&mut self, id: Id) -> Result<String, Error> {
        let name = format!("{id}.state");
        self.spool.disk.rename(&state(&id), &format!("corrupt/{name}"))?;
        self.without_state = Some(id);
        Ok(name)
    }
}

impl<D: Disk + Clone> Iterator for Recovery<D> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        let id = self.without_state.take().or_else(|| self.left.next())?;
        Some(self.read(id))
    }
}

fn names<D: Disk>(disk: &D, folder: &str) -> Result<Vec<String>, Error> {
    let entries = disk.read_dir(folder)?.into_iter();
    Ok(entries.filter(|entry| !entry.is_dir).map(|entry| entry.name).collect())
}

/// Other files than entries are left alone.
fn ids<D: Disk>(disk: &D, folder: &str) -> Result<HashSet<Id>, Error> {
    Ok(names(disk, folder)?.into_iter().filter_map(|name| name.parse().ok()).collect())
}

fn remove_all<D: Disk, N: ToString>(disk: &D, folder: &str, names: Vec<N>) -> Result<usize, Error> {
    for name in &names {
        disk.remove(&format!("{folder}{}", name.to_string()))?;
    }
    Ok(names.len())
}

//! Which maildrops are in use: a POP3 session has its own to itself (RFC 1939 3).

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// The locks of one server. Deliveries go on meanwhile: a Maildir needs no lock for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Locks(Arc<Mutex<HashSet<PathBuf>>>);

/// A locked maildrop; dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Lock {
    locks: Locks,
    path: PathBuf,
}

impl Locks {
    /// Locks a maildrop; `None` if it is locked already.
    pub(crate) fn lock(&self, path: &Path) -> Option<Lock> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let free = held.insert(path.to_owned());
        free.then(|| Lock { locks: self.clone(), path: path.to_owned() })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.locks.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let locks = Locks::default();
        let bea = Path::new("/var/mail/bea");
        let held = locks.lock(bea).expect("free");
        assert!(locks.lock(bea).is_none());
        assert!(locks.lock(Path::new("/var/mail/ana")).is_some());
        drop(held);
        assert!(locks.lock(bea).is_some());
    }
}

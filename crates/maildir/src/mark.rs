use crate::{Error, Maildir, keywords::KEYWORDS, numbered::UID_LIST};
use posta_core::disk::{Disk, Kind};

/// For how many seconds after a change another one may go unseen: times are whole seconds.
const BLIND: u64 = 2;

/// When a folder was changed last, at the time when somebody looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Time and size of `new`, `cur` and of the lists of UIDs and keywords, as far as they are there.
    parts: [Option<(u64, u64)>; 4],
    /// When this was.
    now: u64,
}

impl<D: Disk + Clone> Maildir<D> {
    /// Looks when messages, flags, UIDs or keywords changed last, without reading any of them. `now` is in
    /// seconds since 1970.
    ///
    /// # Errors
    /// The disk failed.
    pub fn mark(&self, now: u64) -> Result<Mark, Error> {
        let mut parts = [None; 4];
        for (part, name) in parts.iter_mut().zip(["new", "cur", UID_LIST, KEYWORDS]) {
            *part = match self.disk.stat(&self.path(name)) {
                Err(error) if error.kind == Kind::NotFound => None,
                stat => Some(stat?).map(|stat| (stat.modified, stat.size)),
            };
        }
        Ok(Mark { parts, now })
    }
}

impl Mark {
    /// Whether nothing has changed since. If in doubt, it may have: times are in whole seconds, so two
    /// changes within the same cannot be told apart, and a mark that was taken up to two seconds after a
    /// change is never the same as a later one.
    pub fn unchanged_since(&self, before: &Self) -> bool {
        let settled = |part: &(u64, u64)| part.0.saturating_add(BLIND) <= before.now;
        self.parts == before.parts && before.parts.iter().flatten().all(settled)
    }
}

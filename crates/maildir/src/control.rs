//! Files beside the messages that several programs write: each writes all of it anew.

use crate::{Error, Stamp};
use posta_core::disk::{Disk, Kind, read_file};

/// After how many seconds a lock is one that nobody holds any more.
const LOCK_LIFE: u64 = 120;

/// Octets of a file that is read, but for the list of UIDs.
const MAX_FILE: usize = 1 << 20;

/// A file that is being written: it has the file's name with `.lock` behind it, so that only one program
/// does. Dovecot locks the same way.
#[derive(Debug)]
pub(crate) struct Update<D: Disk> {
    disk: D,
    file: D::File,
    path: String,
    done: bool,
}

impl<D: Disk> Update<D> {
    /// Begins to write a file anew. Nobody else does until this is dropped.
    pub(crate) fn begin(disk: D, path: &str, stamp: &Stamp<'_>) -> Result<Self, Error> {
        let lock = format!("{path}.lock");
        let file = match disk.create(&lock) {
            Err(error) if error.kind == Kind::Exists => {
                let stat = disk.stat(&lock);
                let old = |seconds| stamp.time.as_secs().saturating_sub(seconds) > LOCK_LIFE;
                if !stat.is_ok_and(|stat| old(stat.modified)) {
                    return Err(Error::Locked(path.to_owned()));
                }
                // Whoever made it is gone. If another takes it over at this moment, one of us fails to
                // make it anew.
                disk.remove(&lock)?;
                disk.create(&lock)?
            }
            made => made?,
        };
        Ok(Self { disk, file, path: path.to_owned(), done: false })
    }

    /// Puts the new file in the place of the old one, so that it lasts.
    pub(crate) fn commit(mut self, octets: &[u8]) -> Result<(), Error> {
        self.disk.write(&mut self.file, octets)?;
        self.disk.sync(&mut self.file)?;
        self.disk.rename(&self.lock(), &self.path)?;
        self.done = true;
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        Ok(self.disk.sync_dir(folder)?)
    }

    fn lock(&self) -> String {
        format!("{}.lock", self.path)
    }
}

impl<D: Disk> Drop for Update<D> {
    fn drop(&mut self) {
        if !self.done {
            // If it cannot be removed now, it will be too old one day.
            let _ = self.disk.remove(&self.lock());
        }
    }
}

/// The text of a file; empty if there is none.
pub(crate) fn read_text<D: Disk>(disk: &D, path: &str) -> Result<String, Error> {
    match read_file(disk, path, MAX_FILE) {
        Err(error) if error.kind == Kind::NotFound => Ok(String::new()),
        octets => Ok(String::from_utf8_lossy(&octets?).into_owned()),
    }
}

use crate::Error;
use posta_core::disk::{self, Disk, Kind, read_all};

/// After how many seconds a lock belongs to nobody any more. Dovecot waits as long for that of its UIDs.
const LOCK_LIFE: u64 = 120;

/// The right to replace a file that programs share: a second file, `.lock`, that only one can make.
///
/// What is to be in the file goes into the second one, which then takes its name: whoever reads sees the old
/// or the new, and needs no lock.
#[derive(Debug)]
pub(crate) struct Lock<D: Disk> {
    disk: D,
    /// The file that is locked.
    path: String,
    file: D::File,
    held: bool,
}

impl<D: Disk> Lock<D> {
    /// `now` is in seconds since 1970.
    pub(crate) fn take(disk: D, path: String, now: u64) -> Result<Self, Error> {
        let lock = lock_path(&path);
        let mut made = disk.create(&lock);
        if matches!(&made, Err(error) if error.kind == Kind::Exists) {
            made = match disk.stat(&lock) {
                // It has been given back. Whoever takes it meanwhile must keep it.
                Err(error) if error.kind == Kind::NotFound => disk.create(&lock),
                Ok(stat) if now.saturating_sub(stat.modified) > LOCK_LIFE => {
                    remove(&disk, &lock)?;
                    disk.create(&lock)
                }
                Ok(_) => made,
                Err(error) => return Err(error.into()),
            };
        }
        match made {
            Err(error) if error.kind == Kind::Exists => Err(Error::Locked(path)),
            made => {
                let file = made?;
                Ok(Self { disk, path, file, held: true })
            }
        }
    }

    /// Adds to the end of the file, so that it lasts. If that fails, the file has to be
    /// [replaced](Self::replace): what was added may be there, and not last.
    pub(crate) fn append(&self, content: &[u8]) -> Result<(), disk::Error> {
        let mut file = self.disk.append(&self.path)?;
        self.disk.write(&mut file, content)?;
        self.disk.sync(&mut file)
    }

    /// Gives the file new content, which lasts.
    pub(crate) fn replace(mut self, content: &[u8]) -> Result<(), Error> {
        let lock = lock_path(&self.path);
        self.disk.write(&mut self.file, content)?;
        self.disk.sync(&mut self.file)?;
        // Whoever is stopped for minutes may have lost the lock to another, whose file this is then.
        if !matches!(self.disk.stat(&lock), Ok(stat) if stat.size == content.len() as u64) {
            self.held = false;
            return Err(Error::Locked(self.path.clone()));
        }
        self.disk.rename(&lock, &self.path)?;
        self.held = false;
        Ok(self.disk.sync_dir(folder(&self.path))?)
    }
}

impl<D: Disk> Drop for Lock<D> {
    fn drop(&mut self) {
        if self.held {
            // If it cannot be removed, it will be ignored in two minutes.
            let _ = self.disk.remove(&lock_path(&self.path));
        }
    }
}

/// Reads a file of at most `limit` octets, if it is there, and makes it last.
pub(crate) fn read<D: Disk>(
    disk: &D,
    path: &str,
    limit: usize,
) -> Result<Option<Vec<u8>>, disk::Error> {
    let octets = glance(disk, path, limit)?;
    if octets.is_some() {
        make_last(disk, path)?;
    }
    Ok(octets)
}

/// Reads a file of at most `limit` octets, if it is there, before something is written in its place.
pub(crate) fn glance<D: Disk>(
    disk: &D,
    path: &str,
    limit: usize,
) -> Result<Option<Vec<u8>>, disk::Error> {
    match read_all(disk, path, limit) {
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        octets => octets.map(Some),
    }
}

/// Makes the name of a file last that was read: what another program wrote a moment ago must not be undone
/// after somebody has heard of it.
pub(crate) fn make_last<D: Disk>(disk: &D, path: &str) -> Result<(), disk::Error> {
    disk.sync_dir(folder(path))
}

/// Removes a file that another may have removed.
pub(crate) fn remove(disk: &impl Disk, path: &str) -> Result<(), disk::Error> {
    match disk.remove(path) {
        Err(error) if error.kind == Kind::NotFound => Ok(()),
        removed => removed,
    }
}

fn lock_path(path: &str) -> String {
    format!("{path}.lock")
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use posta_core::testing::SimDisk;

    fn content(disk: &SimDisk) -> String {
        String::from_utf8(read_all(disk, "list", 100).expect("there")).expect("text")
    }

    #[test]
    fn one_writes_at_a_time() {
        let disk = SimDisk::new();
        let lock = Lock::take(&disk, "list".into(), 120).expect("taken");
        let locked = Err(Error::Locked("list".into()));
        assert_eq!(Lock::take(&disk, "list".into(), 120).map(drop), locked);
        drop(lock);
        Lock::take(&disk, "list".into(), 120).expect("free").replace(b"one").expect("replaced");
        assert_eq!(content(&disk), "one");
        assert_eq!(disk.read_dir("").expect("there").len(), 1);
    }

    /// Whoever was stopped for minutes neither shows what another is writing nor takes its lock away.
    #[test]
    fn a_lock_that_was_lost_is_of_no_use() {
        let disk = SimDisk::new();
        let slow = Lock::take(&disk, "list".into(), 0).expect("taken");
        let other = Lock::take(&disk, "list".into(), 121).expect("given up");
        assert_eq!(slow.replace(b"slow"), Err(Error::Locked("list".into())));
        assert_eq!(disk.open("list").map(drop).expect_err("not shown").kind, Kind::NotFound);
        other.replace(b"other").expect("replaced");
        assert_eq!(content(&disk), "other");
    }

    /// A disk on which the lock is given back and taken by another just as somebody looks how old it is.
    #[derive(Clone, Copy)]
    struct Busy<'a>(&'a SimDisk);

    impl Disk for Busy<'_> {
        type File = posta_core::testing::SimFile;

        fn stat(&self, path: &str) -> Result<disk::Stat, disk::Error> {
            self.0.remove(path)?;
            let gone = self.0.stat(path);
            let mut other = self.0.create(path)?;
            self.0.write(&mut other, b"another's")?;
            gone
        }
        fn create(&self, path: &str) -> Result<Self::File, disk::Error> {
            self.0.create(path)
        }
        fn remove(&self, path: &str) -> Result<(), disk::Error> {
            self.0.remove(path)
        }
        fn append(&self, _: &str) -> Result<Self::File, disk::Error> {
            unreachable!()
        }
        fn write(&self, _: &mut Self::File, _: &[u8]) -> Result<(), disk::Error> {
            unreachable!()
        }
        fn sync(&self, _: &mut Self::File) -> Result<(), disk::Error> {
            unreachable!()
        }
        fn open(&self, _: &str) -> Result<Self::File, disk::Error> {
            unreachable!()
        }
        fn read(&self, _: &mut Self::File, _: u64, _: &mut [u8]) -> Result<usize, disk::Error> {
            unreachable!()
        }
        fn publish(&self, _: &str, _: &str) -> Result<(), disk::Error> {
            unreachable!()
        }
        fn rename(&self, _: &str, _: &str) -> Result<(), disk::Error> {
            unreachable!()
        }
        fn make_dir(&self, _: &str) -> Result<(), disk::Error> {
            unreachable!()
        }
        fn remove_dir(&self, _: &str) -> Result<(), disk::Error> {
            unreachable!()
        }
        fn sync_dir(&self, _: &str) -> Result<(), disk::Error> {
            unreachable!()
        }
        fn read_dir(&self, _: &str) -> Result<Vec<disk::Entry>, disk::Error> {
            unreachable!()
        }
    }

    #[test]
    fn a_lock_that_changes_hands_is_nobody_elses() {
        let disk = SimDisk::new();
        let held = Lock::take(&disk, "list".into(), 0).expect("taken");
        let locked = Err(Error::Locked("list".into()));
        assert_eq!(Lock::take(Busy(&disk), "list".into(), 0).map(drop), locked);
        assert_eq!(read_all(&disk, "list.lock", 100).expect("there"), b"another's");
        drop(held);
    }
}

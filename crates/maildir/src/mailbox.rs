use crate::{Delivery, Entry, Error, Flags, Stamp, delivery::Size, entry::Place};
use posta_core::disk::{self, Disk, Kind, Reader, ensure_dir};
use std::collections::BTreeSet;

/// How often a listing is repeated while others rename.
const MAX_SCANS: usize = 10;

/// After how many seconds a file in `tmp` belongs to no delivery any more: 36 hours.
const TMP_LIFE: u64 = 36 * 3600;

/// The file that tells a folder of a Maildir from a Maildir of its own.
const FOLDER_MARK: &str = "maildirfolder";

/// A Maildir, or one of its folders, on a disk.
///
/// Any number of programs may work on it at once. Messages need no locks; the lists of UIDs, keywords and
/// subscriptions are locked for as long as it takes to write them. It has no state of its own but where it
/// is, and costs nothing to make.
#[derive(Clone, Debug)]
pub struct Maildir<D> {
    pub(crate) disk: D,
    /// Empty, or `.Sub.Folder/`.
    pub(crate) prefix: String,
}

impl<D: Disk + Clone> Maildir<D> {
    /// The Maildir in the folder of this disk. Whatever is missing of it is made, and lasts.
    ///
    /// # Errors
    /// The disk failed.
    pub fn create(disk: D) -> Result<Self, Error> {
        ensure_dir(&disk, "")?;
        let maildir = Self { disk, prefix: String::new() };
        maildir.make_parts()?;
        Ok(maildir)
    }

    /// Begins the delivery of a message.
    ///
    /// # Errors
    /// The disk failed, or there is a file of this name: the stamp was used before.
    pub fn deliver(&self, stamp: &Stamp<'_>) -> Result<Delivery<D>, Error> {
        Delivery::new(self.disk.clone(), self.prefix.clone(), stamp.unique())
    }

    /// All messages, in the order in which they were delivered.
    ///
    /// The folders are read until two readings agree: a single one may miss a file that is renamed at
    /// that moment. If they never do, every message that was seen is in the list.
    ///
    /// # Errors
    /// The disk failed.
    pub fn list(&self) -> Result<Vec<Entry>, Error> {
        let mut all = Vec::new();
        let mut before = self.scan()?;
        for _ in 1..MAX_SCANS {
            let now = self.scan()?;
            let agree = agree(&before, &now);
            all.append(&mut before);
            before = now;
            if agree {
                all.clear();
                break;
            }
        }
        all.append(&mut before);
        keep_last(&mut all);
        // Messages of one time stay in the order of their ids.
        all.sort_by_cached_key(Entry::time);
        Ok(all)
    }

    /// The message with this id, by whatever name it goes now.
    ///
    /// # Errors
    /// The disk failed.
    pub fn find(&self, id: &str) -> Result<Option<Entry>, Error> {
        for _ in 0..2 {
            let found = self.scan()?.into_iter().rfind(|entry| entry.id() == id);
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Opens a message for reading.
    ///
    /// # Errors
    /// The disk failed, or the message is gone.
    pub fn open(&self, entry: &Entry) -> Result<Reader<D>, Error> {
        self.follow(entry, |entry| Reader::open(self.disk.clone(), &self.path(&entry.path())))
    }

    /// The octets of a message with CRLF at each line's end: from its name, or else by reading it.
    ///
    /// # Errors
    /// The disk failed, or the message is gone.
    pub fn wire_size(&self, entry: &Entry) -> Result<u64, Error> {
        if let Some(size) = entry.wire_size() {
            return Ok(size);
        }
        let mut reader = self.open(entry)?;
        let (mut size, mut chunk) = (Size::default(), vec![0; 1 << 16]);
        loop {
            match reader.read(&mut chunk)? {
                0 => return Ok(size.wire()),
                n => size.count(&chunk[..n]),
            }
        }
    }

    /// Gives a message these flags in place of those it has, and moves it from `new` to `cur`.
    ///
    /// # Errors
    /// The disk failed, or the message is gone.
    pub fn set_flags(&self, entry: &mut Entry, flags: Flags) -> Result<(), Error> {
        *entry = self.follow(entry, |entry| {
            let other = entry.with_flags(flags);
            if other != *entry {
                self.disk.rename(&self.path(&entry.path()), &self.path(&other.path()))?;
            }
            Ok(other)
        })?;
        Ok(())
    }

    /// Removes a message.
    ///
    /// # Errors
    /// The disk failed, or the message is gone.
    pub fn remove(&self, entry: &Entry) -> Result<(), Error> {
        self.follow(entry, |entry| self.disk.remove(&self.path(&entry.path())))
    }

    /// Makes flags, moves and removals last.
    ///
    /// # Errors
    /// The disk failed.
    pub fn sync(&self) -> Result<(), Error> {
        // First where messages go to, then where they come from.
        self.disk.sync_dir(&self.path("cur"))?;
        Ok(self.disk.sync_dir(&self.path("new"))?)
    }

    /// Removes what crashed deliveries left in `tmp` and returns how many files that were. `now` is in
    /// seconds since 1970; what was written in the last 36 hours stays.
    ///
    /// # Errors
    /// The disk failed.
    pub fn clean(&self, now: u64) -> Result<usize, Error> {
        let mut removed = 0;
        for entry in self.disk.read_dir(&self.path("tmp"))? {
            let path = self.path(&format!("tmp/{}", entry.name));
            let is_old = |stat: disk::Stat| now.saturating_sub(stat.modified) > TMP_LIFE;
            let cleaned = match self.disk.stat(&path) {
                Ok(stat) if !entry.is_dir && is_old(stat) => self.disk.remove(&path),
                Ok(_) => continue,
                Err(error) => Err(error),
            };
            match cleaned {
                Ok(()) => removed += 1,
                // Its delivery is finished.
                Err(error) if error.kind == Kind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(removed)
    }

    /// Makes `tmp`, `new` and `cur`, and a folder's mark, and their names last.
    pub(crate) fn make_parts(&self) -> Result<(), Error> {
        for part in ["tmp", "new", "cur"] {
            ensure_dir(&self.disk, &self.path(part))?;
        }
        if !self.prefix.is_empty() {
            match self.disk.create(&self.path(FOLDER_MARK)) {
                Err(error) if error.kind != Kind::Exists => return Err(error.into()),
                _ => self.disk.sync_dir(self.prefix.trim_end_matches('/'))?,
            }
        }
        Ok(self.disk.sync_dir("")?)
    }

    /// One reading of both folders. First `new`: a message moves from there to `cur`, and is where it was found
    /// last.
    pub(crate) fn scan(&self) -> Result<Vec<Entry>, Error> {
        let mut found = Vec::new();
        for place in [Place::New, Place::Cur] {
            for entry in self.disk.read_dir(&self.path(place.directory()))? {
                if !entry.is_dir && !entry.name.starts_with('.') {
                    found.push(Entry::new(place, entry.name));
                }
            }
        }
        Ok(found)
    }

    /// Does something to a message's file, and looks for it where it is not any more.
    pub(crate) fn follow<T>(
        &self,
        entry: &Entry,
        run: impl Fn(&Entry) -> Result<T, disk::Error>,
    ) -> Result<T, Error> {
        let gone = || Error::Gone(entry.id().to_owned());
        let mut at = entry.clone();
        for _ in 0..MAX_SCANS {
            match run(&at) {
                Err(error) if error.kind == Kind::NotFound => {
                    at = self.find(entry.id())?.ok_or_else(gone)?;
                }
                done => return Ok(done?),
            }
        }
        Err(gone())
    }

    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}

/// Whether two readings have found the same messages: mostly in the same order, too.
fn agree(before: &[Entry], now: &[Entry]) -> bool {
    let (before, now) = (before.iter().map(Entry::id), now.iter().map(Entry::id));
    before.clone().eq(now.clone()) || before.collect::<BTreeSet<_>>() == now.collect()
}

/// Puts messages in the order of their ids. Of those with the same id the last that was found is kept.
fn keep_last(entries: &mut Vec<Entry>) {
    entries.sort_by(|a, b| a.id().cmp(b.id()));
    dedup_to_last(entries, |a, b| a.id() == b.id());
}

/// Of neighbours that are the same message, keeps the last.
pub(crate) fn dedup_to_last<T>(messages: &mut Vec<T>, same: impl Fn(&T, &T) -> bool) {
    messages.dedup_by(|later, earlier| {
        let same = same(later, earlier);
        if same {
            std::mem::swap(later, earlier);
        }
        same
    });
}

use crate::{Entry, Error, Flags, Stamp};
use posta_core::disk::{self, Disk, Kind, Reader};

/// A message on its way into a Maildir; see [`Maildir::deliver`](crate::Maildir::deliver).
///
/// Dropped before it is committed, it goes away.
#[derive(Debug)]
pub struct Delivery<D: Disk> {
    disk: D,
    file: D::File,
    /// The folder of the Maildir on the disk, with its `/`.
    prefix: String,
    unique: String,
    size: Size,
    committed: bool,
}

impl<D: Disk> Delivery<D> {
    pub(crate) fn new(disk: D, prefix: String, unique: String) -> Result<Self, Error> {
        let file = disk.create(&format!("{prefix}tmp/{unique}"))?;
        Ok(Self { disk, file, prefix, unique, size: Size::default(), committed: false })
    }

    /// The id that the message will have.
    pub fn id(&self) -> &str {
        &self.unique
    }

    /// Writes the next octets of the message.
    ///
    /// # Errors
    /// The disk failed; the delivery is of no more use.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.disk.write(&mut self.file, bytes)?;
        self.size.count(bytes);
        Ok(())
    }

    /// Makes the message last and shows it to those who read the Maildir.
    ///
    /// # Errors
    /// The disk failed, and the message is not there. If even that could not be brought about, it may be
    /// there, and a second delivery makes two of it.
    pub fn commit(self) -> Result<Entry, Error> {
        self.commit_with(Flags::default())
    }

    /// As [`commit`](Self::commit), with flags. A message that has some is not new to the readers.
    ///
    /// # Errors
    /// As above.
    pub fn commit_with(mut self, flags: Flags) -> Result<Entry, Error> {
        self.disk.sync(&mut self.file)?;
        let entry = self.entry(&self.unique, flags);
        self.publish(&entry)?;
        self.committed = true;
        self.sync(&entry)?;
        Ok(entry)
    }

    /// As [`commit`](Self::commit), for a message that may have been delivered before, by somebody who
    /// was killed before he could say so, and whom the sender gave the same message again.
    ///
    /// Its name is made of `stamp`, the same one each time, rather than of the one that the delivery began
    /// with. If the same message, octet for octet, is among the new ones by that name, there will be no
    /// second. If another one is, nothing is lost: this one keeps the name that it began with.
    ///
    /// # Errors
    /// As above.
    pub fn commit_once(mut self, stamp: &Stamp<'_>) -> Result<Entry, Error> {
        self.disk.sync(&mut self.file)?;
        let entry = self.entry(&stamp.unique(), Flags::default());
        match self.publish(&entry) {
            Err(error) if error.kind == Kind::Exists => {}
            published => {
                published?;
                self.committed = true;
                self.sync(&entry)?;
                return Ok(entry);
            }
        }
        if !self.is_same(&self.path(&entry))? {
            return self.commit();
        }
        // Whoever delivered it may not have come to this.
        self.disk.sync_dir(&format!("{}{}", self.prefix, entry.directory()))?;
        Ok(entry)
    }

    fn entry(&self, unique: &str, flags: Flags) -> Entry {
        let (stored, wire) = (self.size.stored, self.size.wire());
        Entry::arriving(format!("{unique},S={stored},W={wire}"), flags)
    }

    fn path(&self, entry: &Entry) -> String {
        format!("{}{}", self.prefix, entry.path())
    }

    fn publish(&self, entry: &Entry) -> Result<(), disk::Error> {
        self.disk.publish(&self.tmp(), &self.path(entry))
    }

    /// Makes the name last.
    fn sync(&self, entry: &Entry) -> Result<(), Error> {
        let synced = self.disk.sync_dir(&format!("{}{}", self.prefix, entry.directory()));
        if let Err(error) = synced {
            // Whether it lasts is not known, and the message is not acknowledged: out with it.
            let _ = self.disk.remove(&self.path(entry));
            return Err(error.into());
        }
        Ok(())
    }

    /// Whether what was written is what this file holds.
    fn is_same(&self, path: &str) -> Result<bool, disk::Error> {
        let mut ours = Reader::open(&self.disk, &self.tmp())?;
        let mut theirs = Reader::open(&self.disk, path)?;
        let (mut one, mut other) = (vec![0; 1 << 16], vec![0; 1 << 16]);
        loop {
            let (n, m) = (fill(&mut ours, &mut one)?, fill(&mut theirs, &mut other)?);
            if one[..n] != other[..m] {
                return Ok(false);
            }
            if n == 0 {
                return Ok(true);
            }
        }
    }

    fn tmp(&self) -> String {
        format!("{}tmp/{}", self.prefix, self.unique)
    }
}

impl<D: Disk> Drop for Delivery<D> {
    fn drop(&mut self) {
        if !self.committed {
            // If it cannot be removed now, `Maildir::clean` will.
            let _ = self.disk.remove(&self.tmp());
        }
    }
}

/// Reads until the buffer is full or the file at its end, and returns how many octets.
fn fill<D: Disk>(reader: &mut Reader<D>, buffer: &mut [u8]) -> Result<usize, disk::Error> {
    let mut done = 0;
    while done < buffer.len() {
        match reader.read(&mut buffer[done..])? {
            0 => break,
            n => done += n,
        }
    }
    Ok(done)
}

/// Counts a message's octets: as stored, and as sent with CRLF at each line's end.
#[derive(Debug, Default)]
pub(crate) struct Size {
    stored: u64,
    added: u64,
    /// The last octet was a CR.
    cr: bool,
}

impl Size {
    pub(crate) fn count(&mut self, bytes: &[u8]) {
        self.stored += bytes.len() as u64;
        for octet in bytes {
            // A CR without LF and a LF without CR become two octets.
            self.added += u64::from((*octet == b'\n') != self.cr);
            self.cr = *octet == b'\r';
        }
    }

    pub(crate) fn wire(&self) -> u64 {
        self.stored + self.added + u64::from(self.cr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_whatever_the_cut() {
        for (text, wire) in [
            ("", 0),
            ("a\r\nb\r\n", 6),
            ("a\nb\n", 6),
            ("\n\n", 4),
            ("a\rb", 4),
            ("\r\r\n", 4),
            ("a\r", 3),
        ] {
            for step in 1..=text.len().max(1) {
                let mut size = Size::default();
                text.as_bytes().chunks(step).for_each(|piece| size.count(piece));
                assert_eq!((size.stored, size.wire()), (text.len() as u64, wire), "{text:?}");
            }
        }
    }
}

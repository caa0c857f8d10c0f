use crate::{Entry, Error, Flags, Maildir, Stamp};
use posta_core::disk::Disk;

impl<D: Disk + Clone> Maildir<D> {
    /// Copies a message into another folder, or into this one, and makes the copy last. It has the same
    /// octets, flags, keywords and time of delivery, and the stamp makes another message of it.
    ///
    /// A keyword for which the other folder has no letter left is lost.
    ///
    /// # Errors
    /// The disk failed, the message is gone, or another program is just writing the keywords.
    pub fn copy(&self, entry: &Entry, to: &Self, stamp: &Stamp<'_>) -> Result<Entry, Error> {
        let keywords = self.translate(entry.flags(), to, stamp)?;
        let mut reader = self.open(entry)?;
        let mut delivery = to.deliver(&self.same_time(entry, stamp)?)?;
        let mut chunk = vec![0; 1 << 16];
        loop {
            match reader.read(&mut chunk)? {
                0 => break,
                n => delivery.write(&chunk[..n])?,
            }
        }
        delivery.commit_with(entry.flags().without_letters() | keywords)
    }

    /// Moves a message into another folder of the same Maildir, in one step. It keeps its octets, flags,
    /// keywords and time of delivery, and the stamp makes another message of it: one that comes back has a
    /// UID of its own and not the one that it had.
    ///
    /// The move lasts after [`sync`](Self::sync) of the other folder, then of this one. A crash before may
    /// undo it, or leave the message in both, but never in none.
    ///
    /// # Errors
    /// The disk failed, the message is gone, or another program is just writing the keywords.
    pub fn move_to(&self, entry: &Entry, to: &Self, stamp: &Stamp<'_>) -> Result<Entry, Error> {
        let keywords = self.translate(entry.flags(), to, stamp)?;
        let unique = self.same_time(entry, stamp)?.unique();
        self.follow(entry, |entry| {
            let flags = entry.flags().without_letters() | keywords;
            let moved = Entry::arriving(format!("{unique}{}", entry.fields()), flags);
            self.disk.rename(&self.path(&entry.path()), &to.path(&moved.path()))?;
            Ok(moved)
        })
    }

    /// A stamp with the time at which a message was delivered.
    fn same_time<'s>(&self, entry: &Entry, stamp: &Stamp<'s>) -> Result<Stamp<'s>, Error> {
        let time = match entry.time() {
            Some(time) => time,
            None => {
                let stat = self.follow(entry, |entry| self.disk.stat(&self.path(&entry.path())))?;
                std::time::Duration::from_secs(stat.modified)
            }
        };
        Ok(Stamp { time, ..*stamp })
    }

    /// The flags that stand in another folder for the keywords of a message in this one.
    fn translate(&self, flags: Flags, to: &Self, stamp: &Stamp<'_>) -> Result<Flags, Error> {
        let mut there = Flags::default();
        if flags.without_letters() == flags {
            return Ok(there);
        }
        for name in self.keywords()?.of(flags) {
            match to.add_keyword(name, stamp) {
                Err(Error::TooManyKeywords) => {}
                flag => there |= flag?,
            }
        }
        Ok(there)
    }
}

use crate::{Envelope, Error, Id, Incoming, Message, Recovery, error::CorruptError, record};
use posta_core::disk::{Disk, Kind, Reader, ensure_dir};

/// What is read first of a file: its last octets.
const TAIL: u64 = 4096;

/// A spool on a disk.
#[derive(Clone, Debug)]
pub struct Spool<D> {
    pub(crate) disk: D,
}

impl<D: Disk + Clone> Spool<D> {
    /// Opens the spool in the folder of this disk, and makes it if it is not there. What a former run has left
    /// is then read from the [`Recovery`], entry by entry, while the spool already takes new messages: to read
    /// a hundred thousand files takes seconds.
    ///
    /// What was not finished is removed; it was never acknowledged.
    ///
    /// # Errors
    /// The disk failed.
    pub fn open(disk: D) -> Result<(Self, Recovery<D>), Error> {
        ensure_dir(&disk, "")?;
        for folder in ["tmp", "mail", "state", "corrupt"] {
            ensure_dir(&disk, folder)?;
        }
        disk.sync_dir("")?;
        let spool = Self { disk };
        let recovery = Recovery::new(spool.clone())?;
        Ok((spool, recovery))
    }

    /// Begins to take a message. The envelope may change until it is committed.
    ///
    /// # Errors
    /// The disk failed, or the id is in use.
    pub fn begin(&self, id: Id) -> Result<Incoming<D>, Error> {
        Incoming::new(self.disk.clone(), id)
    }

    /// The envelope of an entry, as it is now.
    ///
    /// # Errors
    /// The disk failed, or what is there is damaged.
    pub fn entry(&self, id: &Id) -> Result<Envelope, Error> {
        match self.read_record(&state(id)) {
            Err(Error::Disk(error)) if error.kind == Kind::NotFound => self.read_record(&mail(id)),
            read => read,
        }
    }

    /// The message of an entry.
    ///
    /// # Errors
    /// The disk failed, or what is there is damaged. That the message itself is damaged is told when its
    /// end is read.
    pub fn message(&self, id: &Id) -> Result<Message<D>, Error> {
        let facts = self.read_record(&mail(id))?.message;
        let reader = Reader::open(self.disk.clone(), &mail(id))?;
        Ok(Message::new(reader, facts.size, facts.crc))
    }

    /// Makes what has become of an entry last.
    ///
    /// # Errors
    /// The disk failed, and it is as it was, or the envelope is too large.
    pub fn update(&self, id: &Id, envelope: &Envelope) -> Result<(), Error> {
        let record = record::write(envelope)?;
        let tmp = format!("tmp/{id}.state");
        // An update that failed may have left it.
        match self.disk.remove(&tmp) {
            Err(error) if error.kind != Kind::NotFound => return Err(error.into()),
            _ => {}
        }
        let mut file = self.disk.create(&tmp)?;
        self.disk.write(&mut file, record.as_bytes())?;
        self.disk.sync(&mut file)?;
        self.disk.rename(&tmp, &state(id))?;
        Ok(self.disk.sync_dir("state")?)
    }

    /// Removes an entry. A crash right after may bring it back as it was.
    ///
    /// # Errors
    /// The disk failed.
    pub fn remove(&self, id: &Id) -> Result<(), Error> {
        self.disk.remove(&mail(id))?;
        match self.disk.stat(&state(id)) {
            Err(error) if error.kind == Kind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
            Ok(_) => {
                // Not the other way round: without its state the message would go to everyone again.
                self.disk.sync_dir("mail")?;
                Ok(self.disk.remove(&state(id))?)
            }
        }
    }

    /// Puts an entry that is damaged aside, into `corrupt`.
    ///
    /// # Errors
    /// The disk failed.
    pub fn put_aside(&self, id: &Id) -> Result<(), Error> {
        self.disk.rename(&mail(id), &format!("corrupt/{id}"))?;
        self.disk.sync_dir("corrupt")?;
        Ok(self.disk.sync_dir("mail")?)
    }

    /// The record at the end of a file.
    pub(crate) fn read_record(&self, path: &str) -> Result<Envelope, Error> {
        let corrupt = |source| Error::Corrupt { path: path.to_owned(), source };
        let size = self.disk.stat(path)?.size;
        let mut file = self.disk.open(path)?;
        // Most records are short: one reading gets mark and record.
        let tail = self.read_exact(&mut file, size.saturating_sub(TAIL), TAIL as usize)?;
        let at = tail.len().checked_sub(record::END).ok_or_else(|| corrupt(CorruptError::NoEnd))?;
        let (length, crc) = record::end(&tail[at..]).map_err(corrupt)?;
        let begin = size.checked_sub((length + record::END) as u64);
        let begin = begin.ok_or_else(|| corrupt(CorruptError::Length))?;
        let envelope = match at.checked_sub(length) {
            Some(from) => record::read(&tail[from..at], crc),
            None => record::read(&self.read_exact(&mut file, begin, length)?, crc),
        };
        let envelope = envelope.map_err(corrupt)?;
        // A message has all of its file but the record; a state has no message.
        if path.starts_with("mail/") && envelope.message.size != begin {
            return Err(corrupt(CorruptError::Length));
        }
        Ok(envelope)
    }

    /// Reads `length` octets at `offset`; fewer if the file ends before.
    fn read_exact(&self, file: &mut D::File, offset: u64, length: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; length];
        let mut done = 0;
        while done < length {
            match self.disk.read(file, offset + done as u64, &mut bytes[done..])? {
                0 => break,
                n => done += n,
            }
        }
        bytes.truncate(done);
        Ok(bytes)
    }
}

pub(crate) fn mail(id: &Id) -> String {
    format!("mail/{id}")
}

pub(crate) fn state(id: &Id) -> String {
    format!("state/{id}")
}

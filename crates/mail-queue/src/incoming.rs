use crate::{Envelope, Error, Id, envelope::MessageFacts, record};
use posta_core::disk::Disk;

/// A message on its way into the spool; see [`Spool::begin`](crate::Spool::begin).
///
/// Dropped before it is committed, it goes away.
#[derive(Debug)]
pub struct Incoming<D: Disk> {
    disk: D,
    file: D::File,
    id: Id,
    size: u64,
    crc: crc32fast::Hasher,
    eight_bit: bool,
    committed: bool,
}

impl<D: Disk> Incoming<D> {
    pub(crate) fn new(disk: D, id: Id) -> Result<Self, Error> {
        let file = disk.create(&tmp(id))?;
        let crc = crc32fast::Hasher::new();
        Ok(Self { disk, file, id, size: 0, crc, eight_bit: false, committed: false })
    }

    /// Its id in the spool.
    pub fn id(&self) -> Id {
        self.id
    }

    /// Writes the next octets of the message.
    ///
    /// # Errors
    /// The disk failed; this is of no more use.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.disk.write(&mut self.file, bytes)?;
        self.size += bytes.len() as u64;
        self.crc.update(bytes);
        self.eight_bit |= !bytes.is_ascii();
        Ok(())
    }

    /// The octets written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Makes the message and its envelope last. Only then may it be acknowledged.
    ///
    /// # Errors
    /// The disk failed, or the envelope is too large; the message is not in the spool. If even that could
    /// not be brought about, it may be, and will be sent.
    pub fn commit(mut self, envelope: &Envelope) -> Result<Id, Error> {
        let message = MessageFacts {
            size: self.size,
            crc: self.crc.clone().finalize(),
            eight_bit: self.eight_bit,
        };
        let record = record::write(&Envelope { message, ..envelope.clone() })?;
        self.disk.write(&mut self.file, record.as_bytes())?;
        self.disk.sync(&mut self.file)?;
        let path = format!("mail/{}", self.id);
        self.disk.publish(&tmp(self.id), &path)?;
        self.committed = true;
        if let Err(error) = self.disk.sync_dir("mail") {
            // Whether it lasts is not known, and it is not acknowledged: out with it.
            let _ = self.disk.remove(&path);
            return Err(error.into());
        }
        Ok(self.id)
    }
}

impl<D: Disk> Drop for Incoming<D> {
    fn drop(&mut self) {
        if !self.committed {
            // If it cannot be removed now, the next start of the spool will.
            let _ = self.disk.remove(&tmp(self.id));
        }
    }
}

fn tmp(id: Id) -> String {
    format!("tmp/{id}")
}

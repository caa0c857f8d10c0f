use crate::error::CorruptError;
use posta_core::disk::{Disk, Reader};
use std::io::{self, Read};

/// A message in the spool, for reading.
///
/// At its end the checksum is compared: if the octets on disk have changed, the last read fails, so whoever
/// sends it on must not say that it is complete before it has read the end.
#[derive(Debug)]
pub struct Message<D: Disk> {
    reader: Reader<D>,
    left: u64,
    crc: crc32fast::Hasher,
    expected: u32,
}

impl<D: Disk> Message<D> {
    pub(crate) fn new(reader: Reader<D>, size: u64, expected: u32) -> Self {
        Self { reader, left: size, crc: crc32fast::Hasher::new(), expected }
    }

    fn check(&self) -> io::Result<usize> {
        if self.left > 0 || self.crc.clone().finalize() != self.expected {
            return Err(io::Error::new(io::ErrorKind::InvalidData, CorruptError::Message));
        }
        Ok(0)
    }
}

impl<D: Disk> Read for Message<D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let n = match most {
            0 if self.left > 0 => return Ok(0), // an empty buffer
            0 => 0,
            _ => self.reader.read(&mut buffer[..most]).map_err(io::Error::other)?,
        };
        if n == 0 {
            return self.check();
        }
        self.crc.update(&buffer[..n]);
        self.left -= n as u64;
        Ok(n)
    }
}

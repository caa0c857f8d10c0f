use posta_core::disk;

/// Why the spool cannot do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] disk::Error),
    /// What is on disk is not what was written.
    #[error("{path} is damaged")]
    Corrupt {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: CorruptError,
    },
    /// The envelope is larger than the 16 MiB of a record.
    #[error("the envelope is too large")]
    TooLarge,
}

/// What is wrong with a file of the spool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CorruptError {
    /// It does not end with an end mark: it was cut, or is something else.
    #[error("there is no end mark")]
    NoEnd,
    /// It is shorter than its end mark says.
    #[error("it is shorter than its end mark says")]
    Length,
    /// The envelope has other octets than were written.
    #[error("the checksum of the envelope is wrong")]
    Checksum,
    /// The message has other octets than were written.
    #[error("the checksum of the message is wrong")]
    Message,
    /// The checksum is right, yet it makes no sense: another version wrote it.
    #[error("line {0} of the envelope is not understood")]
    Line(usize),
}

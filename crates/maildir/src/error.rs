use crate::FolderName;
use posta_core::disk;

/// Why something cannot be done with a Maildir.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] disk::Error),
    /// Another program has removed the message.
    #[error("message {0} is gone")]
    Gone(String),
    /// There is no such folder.
    #[error("there is no folder {0}")]
    NoFolder(FolderName),
    /// There is such a folder already.
    #[error("there is a folder {0} already")]
    FolderExists(FolderName),
}

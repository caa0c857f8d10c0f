use crate::{FolderName, FolderNameError};
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
    /// Another program is writing this file. Try again in a moment.
    #[error("another program is writing {0}")]
    Locked(String),
    /// All UIDs of the mailbox have been given out.
    #[error("there are no more UIDs")]
    NoUids,
    /// It cannot be a keyword, or there are as many as there can be.
    #[error("{0} cannot become a keyword here")]
    NoKeyword(String),
    /// There are as many subscriptions as there can be.
    #[error("there are too many subscriptions")]
    TooManySubscriptions,
    /// A folder cannot be called that.
    #[error(transparent)]
    Name(#[from] FolderNameError),
    /// There is such a folder already.
    #[error("there is a folder {0} already")]
    FolderExists(FolderName),
}

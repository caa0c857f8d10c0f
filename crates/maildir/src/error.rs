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
    /// There is such a folder already.
    #[error("there is a folder {0} already")]
    FolderExists(FolderName),
    /// A folder cannot be moved below itself.
    #[error("{0} is below the folder that is to be called that")]
    IntoItself(FolderName),
    /// A folder below the one that is renamed cannot be called as it would be.
    #[error(transparent)]
    FolderName(#[from] FolderNameError),
    /// Another program is writing this file: try again soon. A lock that is left over is ignored after two
    /// minutes.
    #[error("another program is writing {0}")]
    Locked(String),
    /// No keyword can be called that: at most 255 printable ASCII characters without spaces.
    #[error("{0:?} is no keyword")]
    Keyword(String),
    /// The folder has 26 keywords already.
    #[error("there are too many keywords")]
    TooManyKeywords,
    /// The folder has more messages than UIDs are given to.
    #[error("there are too many messages")]
    TooManyMessages,
    /// There is no place for one more subscription.
    #[error("there are too many subscriptions")]
    TooManySubscriptions,
    /// No UIDVALIDITY is left that is higher than those before.
    #[error("no UIDVALIDITY is left")]
    NoUidValidity,
}

//! The Maildirs of this host's users.

use crate::expand::{Destination, Directory, ExpandError, Expansion};
use agent::Stamps;
use maildir::Maildir;
use posta_core::disk::fs::Fs;
use std::{io, path::Path};

/// Knows who is who, and delivers into their Maildirs.
#[derive(Debug)]
pub struct Store {
    pub(crate) hostname: String,
    pub(crate) directory: Directory,
    /// Takes the mail for addresses elsewhere.
    pub(crate) relay: Option<String>,
    stamps: Stamps,
}

/// Why a message cannot be put into a Maildir.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The Maildir cannot be written; another time it may.
    #[error(transparent)]
    Maildir(#[from] maildir::Error),
    /// The system has no randomness for a name.
    #[error("no name can be made for the message: {0}")]
    Random(io::Error),
}

impl Store {
    pub(crate) fn new(hostname: String, directory: Directory, relay: Option<String>) -> Self {
        Self { stamps: Stamps::new(&*hostname), hostname, directory, relay }
    }

    /// All who get a message for this address. Nobody does elsewhere if there is no relay to take it there.
    pub(crate) fn expand(&self, address: &str) -> Result<Expansion, ExpandError> {
        let mut expansion = self.directory.expand(address)?;
        if self.relay.is_none() {
            let is_here = |one: &Destination| matches!(one, Destination::Mailbox(..));
            expansion.destinations.retain(is_here);
        }
        if expansion.destinations.is_empty() { Err(ExpandError::Unknown) } else { Ok(expansion) }
    }

    /// Begins to deliver a message into a Maildir.
    pub(crate) fn begin(&self, folder: &Path) -> Result<maildir::Delivery<Fs>, StoreError> {
        let stamp = self.stamps.now().map_err(StoreError::Random)?;
        Ok(Maildir::create(Fs::new(folder))?.deliver(&stamp)?)
    }
}

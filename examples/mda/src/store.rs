//! The Maildirs of this host's users.

use crate::{
    Config,
    expand::{Destination, Directory, ExpandError, Expansion},
};
use agent::{Durability, Stamps};
use mail_queue::Id;
use maildir::{Maildir, Stamp};
use posta_core::disk::{Kind, fs::Fs};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How long what the relay took counts as just taken.
const FRESH: Duration = Duration::from_secs(60);

/// Knows who is who, and delivers into their Maildirs.
#[derive(Debug)]
pub struct Store {
    pub(crate) hostname: String,
    pub(crate) directory: Directory,
    /// Takes the mail for addresses elsewhere.
    pub(crate) relay: Option<String>,
    durability: Durability,
    stamps: Stamps,
    /// The Maildirs that are there and will last: each is made once.
    made: Mutex<BTreeMap<PathBuf, Maildir<Fs>>>,
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

impl StoreError {
    /// Whether the disk is full.
    pub(crate) fn is_full(&self) -> bool {
        let Self::Maildir(maildir::Error::Disk(error)) = self else { return false };
        error.kind == Kind::NoSpace
    }
}

impl Store {
    pub(crate) fn new(config: &Config, directory: Directory) -> Self {
        Self {
            hostname: config.hostname.clone(),
            directory,
            relay: config.relay.clone(),
            durability: config.durability,
            stamps: Stamps::new(&*config.hostname),
            made: Mutex::default(),
        }
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
        match self.maildir(folder)?.deliver(&stamp) {
            // Somebody has removed it.
            Err(maildir::Error::Disk(error)) if error.kind == Kind::NotFound => {
                self.made().remove(folder);
                Ok(self.maildir(folder)?.deliver(&stamp)?)
            }
            begun => Ok(begun?),
        }
    }

    /// The stamp of what the relay has just given us under this id: always the same, so that it is there
    /// once even if the relay has to give it again. What it has held for longer is stamped with the time of
    /// its delivery, as a mail program shows it, and may in that case be there twice.
    pub(crate) fn once(&self, id: &Id) -> Option<Stamp<'_>> {
        let (time, random) = (id.time(), u64::from(id.random()));
        let is_fresh = agent::now().checked_sub(time).is_some_and(|age| age < FRESH);
        is_fresh.then(|| Stamp { time, process: 0, count: 0, random, host: &self.hostname })
    }

    fn maildir(&self, folder: &Path) -> Result<Maildir<Fs>, StoreError> {
        if let Some(maildir) = self.made().get(folder) {
            return Ok(maildir.clone());
        }
        let maildir = Maildir::create(Fs::new(folder).with_durability(self.durability.into()))?;
        self.made().insert(folder.to_owned(), maildir.clone());
        Ok(maildir)
    }

    fn made(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Maildir<Fs>>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

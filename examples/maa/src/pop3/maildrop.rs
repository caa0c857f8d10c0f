//! A Maildir as POP3 sees it: messages with numbers, sizes and unique ids, as they were at the login.

use super::locks::{Lock, Locks};
use maildir::{Entry, Error, Maildir};
use posta_core::disk::{Reader, fs::Fs};
use sha2::{Digest, Sha256};
use std::path::Path;

/// The longest unique id, in octets. RFC 1939 7
const MAX_UID: usize = 70;

#[derive(Debug)]
pub(crate) struct Maildrop {
    maildir: Maildir<Fs>,
    messages: Vec<Message>,
    _lock: Lock,
}

#[derive(Debug)]
struct Message {
    entry: Entry,
    octets: u64,
}

/// Why a maildrop cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("another session has it")]
    Locked,
    #[error(transparent)]
    Maildir(#[from] Error),
}

impl Maildrop {
    /// Locks a Maildir and takes stock of it.
    pub(crate) fn open(path: &Path, locks: &Locks) -> Result<Self, OpenError> {
        let lock = locks.lock(path).ok_or(OpenError::Locked)?;
        let maildir = Maildir::create(Fs::new(path))?;
        let mut messages = Vec::new();
        for entry in maildir.list()? {
            match maildir.wire_size(&entry) {
                Ok(octets) => messages.push(Message { entry, octets }),
                // Removed by another program just now.
                Err(Error::Gone(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self { maildir, messages, _lock: lock })
    }

    /// How many messages there are.
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// The octets of all of them.
    pub(crate) fn octets(&self) -> u64 {
        self.messages.iter().map(|message| message.octets).sum()
    }

    /// The octets of a message; numbers begin at 1.
    pub(crate) fn size(&self, number: u32) -> Option<u64> {
        Some(self.message(number)?.octets)
    }

    /// The unique id of a message.
    pub(crate) fn uid(&self, number: u32) -> Option<String> {
        Some(uid(self.message(number)?.entry.id()))
    }

    /// Opens a message for reading; `None` if there is none of this number.
    pub(crate) fn read(&self, number: u32) -> Option<Result<Reader<Fs>, Error>> {
        Some(self.maildir.open(&self.message(number)?.entry))
    }

    /// Removes messages for ever. What is gone already is no failure; for the rest, all are tried.
    pub(crate) fn remove(&self, numbers: &[u32]) -> Result<(), Error> {
        let mut removed = Ok(());
        for message in numbers.iter().filter_map(|number| self.message(*number)) {
            match self.maildir.remove(&message.entry) {
                Ok(()) | Err(Error::Gone(_)) => {}
                Err(error) => removed = Err(error),
            }
        }
        let synced = self.maildir.sync();
        removed.and(synced)
    }

    fn message(&self, number: u32) -> Option<&Message> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.messages.get(index)
    }
}

/// A unique id for a message's id in the Maildir: that itself, or its digest if POP3 cannot say it.
fn uid(id: &str) -> String {
    if (1..=MAX_UID).contains(&id.len()) && id.bytes().all(|octet| octet.is_ascii_graphic()) {
        return id.to_owned();
    }
    Sha256::digest(id).iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unique_ids_are_what_pop3_can_say() {
        assert_eq!(uid("1790000000.M1P2.host"), "1790000000.M1P2.host");
        for id in ["", "a b", "ä", &"x".repeat(71)] {
            let uid = uid(id);
            assert!(uid.len() == 64 && uid.bytes().all(|octet| octet.is_ascii_graphic()), "{id}");
        }
        assert_ne!(uid(&"x".repeat(71)), uid(&"x".repeat(72)));
    }
}

//! Messages with UIDs, and what happens to them.

use crate::{
    Entry, Error, Maildir, Stamp,
    control::Update,
    uid_list::{MAX_LIST, UID_LIST, UidList},
};
use posta_core::disk::{Disk, Kind, read_file};
use std::collections::BTreeMap;

/// The messages of a mailbox with their UIDs, in ascending order of these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbered {
    /// Says for how long UIDs are good: under another value they all are others. Never 0.
    pub uid_validity: u32,
    /// The UID that the next message will have, or a lower bound of it.
    pub uid_next: u32,
    /// The messages.
    pub messages: Vec<Message>,
}

/// A message with its UID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its UID, which no other message of the mailbox ever has.
    pub uid: u32,
    /// It was adopted by this listing: no other has seen it before.
    pub recent: bool,
    /// Its file.
    pub entry: Entry,
}

/// What has happened between two listings, by UIDs in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Messages that are gone.
    pub vanished: Vec<u32>,
    /// Messages that have other flags than before.
    pub changed: Vec<u32>,
    /// Messages that have come.
    pub arrived: Vec<u32>,
}

/// A sign of whether anything may have happened in a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    taken: u64,
    modified: u64,
}

impl Mark {
    /// Whether surely nothing has happened since that earlier mark. Files have their times in whole
    /// seconds, so a mark that was taken right after something happened cannot tell.
    pub fn is_unchanged_since(&self, earlier: &Self) -> bool {
        self.modified == earlier.modified && earlier.taken > earlier.modified.saturating_add(1)
    }
}

impl Changes {
    /// Whether nothing has happened.
    pub fn is_empty(&self) -> bool {
        self.vanished.is_empty() && self.changed.is_empty() && self.arrived.is_empty()
    }
}

impl Numbered {
    /// What has happened since an earlier listing; `None` if the UIDs are others now.
    pub fn since(&self, earlier: &Self) -> Option<Changes> {
        if self.uid_validity != earlier.uid_validity {
            return None;
        }
        let mut changes = Changes::default();
        let mut before = earlier.messages.iter().peekable();
        for message in &self.messages {
            while let Some(gone) = before.next_if(|old| old.uid < message.uid) {
                changes.vanished.push(gone.uid);
            }
            match before.next_if(|old| old.uid == message.uid) {
                None => changes.arrived.push(message.uid),
                Some(old) if old.entry.flags() != message.entry.flags() => {
                    changes.changed.push(message.uid);
                }
                Some(_) => {}
            }
        }
        changes.vanished.extend(before.map(|gone| gone.uid));
        Some(changes)
    }

    /// The message with this UID.
    pub fn find(&self, uid: u32) -> Option<&Message> {
        let at = self.messages.binary_search_by_key(&uid, |message| message.uid).ok()?;
        self.messages.get(at)
    }
}

impl<D: Disk + Clone> Maildir<D> {
    /// The messages with their UIDs. Those that have none are given theirs, in the order in which they
    /// were delivered, for ever.
    ///
    /// With `adopt` what is in `new` is moved to `cur`, and marked as recent in this listing alone: so for
    /// a session that changes the mailbox, and not for one that only looks.
    ///
    /// # Errors
    /// The disk failed; another program is giving out UIDs ([`Error::Locked`]: try again in a moment); or
    /// there are no more UIDs.
    pub fn numbered(&self, stamp: &Stamp<'_>, adopt: bool) -> Result<Numbered, Error> {
        let mut entries = self.list()?;
        let mut recent = BTreeMap::new();
        if adopt {
            for entry in entries.iter_mut().filter(|entry| entry.is_new()) {
                match self.set_flags(entry, entry.flags()) {
                    Ok(()) => recent.insert(entry.id().to_owned(), ()),
                    // Another has removed it.
                    Err(Error::Gone(_)) => None,
                    Err(error) => return Err(error),
                };
            }
        }
        let mut list = self.uid_list()?.ok();
        let all = |list: &UidList| entries.iter().all(|entry| list.uid(entry).is_some());
        if !list.as_ref().is_some_and(all) {
            (list, entries) = self.give_uids(stamp)?;
        }
        let list = list.unwrap_or_default();
        let mut messages: Vec<_> = entries
            .into_iter()
            .filter_map(|entry| {
                let uid = list.uid(&entry)?;
                Some(Message { uid, recent: recent.contains_key(entry.id()), entry })
            })
            .collect();
        messages.sort_unstable_by_key(|message| message.uid);
        Ok(Numbered { uid_validity: list.validity, uid_next: list.next, messages })
    }

    /// A sign of whether anything happens; costs next to nothing. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// The disk failed.
    pub fn mark(&self, now: u64) -> Result<Mark, Error> {
        let mut modified = 0;
        for part in ["new", "cur"] {
            modified = modified.max(self.disk().stat(&self.path(part))?.modified);
        }
        Ok(Mark { taken: now, modified })
    }

    /// Gives UIDs to all messages that have none. Only under the lock is it known which these are.
    fn give_uids(&self, stamp: &Stamp<'_>) -> Result<(Option<UidList>, Vec<Entry>), Error> {
        let update = Update::begin(self.disk(), &self.path(UID_LIST), stamp)?;
        let entries = self.list()?;
        let mut list = self.uid_list()?.unwrap_or_else(|before| UidList::new(stamp, before));
        list.number(&entries).ok_or(Error::NoUids)?;
        update.commit(list.write(&entries).as_bytes())?;
        Ok((Some(list), entries))
    }

    /// The list of UIDs; `Err` if there is none or it is damaged, with the validity it had, or 0.
    fn uid_list(&self) -> Result<Result<UidList, u32>, Error> {
        match read_file(&self.disk(), &self.path(UID_LIST), MAX_LIST) {
            Ok(octets) => Ok(UidList::parse(&octets)),
            Err(error) if error.kind == Kind::NotFound => Ok(Err(0)),
            Err(error) => Err(error.into()),
        }
    }
}

//! STORE and EXPUNGE.

use crate::{Error, Stamps, View, stamp, view::SYSTEM};
use imap_proto::codec::Store as How;
use imap_proto::{
    Server,
    codec::{Code, Flag, Items, Sequence},
};
use maildir::{Entry, Flags, Keywords, Maildir};
use posta_core::disk::Disk;

/// A STORE: first the [keywords](Self::make_keywords) that are new, then the [flags](Self::run).
#[derive(Clone, Debug)]
pub struct Store {
    uid: bool,
    numbers: Vec<u32>,
    how: How,
    silent: bool,
    given: Flags,
    /// Keywords that have no letter yet.
    unknown: Vec<String>,
}

impl Store {
    /// Of these flags on the messages of a set.
    ///
    /// # Errors
    /// The mailbox was opened to be read only, or there is no such message.
    pub fn new<D: Disk + Clone>(
        view: &View<D>,
        (uid, set): (bool, &Items<'_, Sequence>),
        (how, silent): (How, bool),
        flags: &Items<'_, Flag<'_>>,
    ) -> Result<Self, Error> {
        view.check_writable()?;
        let mut given = system(flags);
        let mut unknown = Vec::new();
        for keyword in keywords(flags) {
            match view.keywords.flag(keyword) {
                Some(letter) => given |= letter,
                None if how != How::Remove => unknown.push(keyword.to_owned()),
                None => {}
            }
        }
        Ok(Self { uid, numbers: view.numbers(set, uid)?, how, silent, given, unknown })
    }

    /// Whether there are keywords to be made.
    pub fn has_new_keywords(&self) -> bool {
        !self.unknown.is_empty()
    }

    /// Makes the keywords that the mailbox does not have yet, and returns all that it has. May be called
    /// again when a lock was in the way.
    ///
    /// # Errors
    /// There are too many, or one cannot be a keyword, or the disk failed.
    pub fn make_keywords<D: Disk + Clone>(
        &mut self,
        maildir: &Maildir<D>,
        stamps: &Stamps<'_>,
    ) -> Result<Keywords, Error> {
        for keyword in &self.unknown {
            self.given |= maildir.add_keyword(keyword, &stamp(stamps)?)?;
        }
        Ok(maildir.keywords()?)
    }

    /// Sets the flags, and tells them unless the client does not want to be told. `keywords` are those that
    /// the mailbox has now, if some were made.
    ///
    /// # Errors
    /// The disk failed, or some of the messages are gone.
    pub fn run<D: Disk + Clone>(
        &self,
        view: &mut View<D>,
        keywords: Option<Keywords>,
        imap: &mut Server,
    ) -> Result<(), Error> {
        if let Some(keywords) = keywords {
            view.keywords = keywords;
            view.tell_all_flags(imap)?;
        }
        let maildir = view.maildir().clone();
        let mut missing = false;
        for number in &self.numbers {
            let Some(message) = view.message_mut(*number) else { continue };
            let before = message.entry.flags();
            let after = match self.how {
                How::Set => (before - known()) | self.given,
                How::Add => before | self.given,
                How::Remove => before - self.given,
            };
            match maildir.set_flags(&mut message.entry, after) {
                Err(maildir::Error::Gone(_)) => missing = true,
                set => set?,
            }
            if !self.silent {
                view.tell_flags(*number, self.uid, imap)?;
            }
        }
        match missing {
            false => Ok(()),
            true => Err(Error::No(Code::ExpungeIssued, "some of the messages are gone")),
        }
    }
}

impl<D: Disk + Clone> View<D> {
    /// What EXPUNGE removes: all that has `\Deleted`, with UIDs only of these.
    ///
    /// # Errors
    /// The mailbox was opened to be read only.
    pub fn deleted(&self, uids: Option<&Items<'_, Sequence>>) -> Result<Vec<Entry>, Error> {
        self.check_writable()?;
        let only = uids.map(|set| self.numbers(set, true)).transpose()?;
        let numbered = (1u32..).zip(&self.messages);
        let chosen = numbered.filter(|(number, message)| {
            let named = only.as_ref().is_none_or(|only| only.binary_search(number).is_ok());
            named && message.entry.flags().contains(Flags::TRASHED)
        });
        Ok(chosen.map(|(_, message)| message.entry.clone()).collect())
    }

    /// Whether it can be changed.
    ///
    /// # Errors
    /// It was opened to be read only.
    pub fn check_writable(&self) -> Result<(), Error> {
        match self.is_read_only() {
            false => Ok(()),
            true => Err(Error::No(Code::NoPerm, "the mailbox was opened to be read only")),
        }
    }
}

/// Removes messages for ever. What is gone already is no failure.
///
/// # Errors
/// The disk failed.
pub fn expunge<D: Disk + Clone>(maildir: &Maildir<D>, entries: &[Entry]) -> Result<(), Error> {
    for entry in entries {
        match maildir.remove(entry) {
            Ok(()) | Err(maildir::Error::Gone(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(maildir.sync()?)
}

/// The letters of the system's flags among these. `\Recent` is not the client's to set, and what else has
/// a backslash is not known.
pub(crate) fn system(flags: &Items<'_, Flag<'_>>) -> Flags {
    let letter = |flag: Flag<'_>| SYSTEM.into_iter().find(|(known, _)| *known == flag);
    flags.iter().filter_map(letter).fold(Flags::default(), |all, (_, letter)| all | letter)
}

/// The keywords among these flags.
pub(crate) fn keywords<'a>(flags: &Items<'a, Flag<'a>>) -> impl Iterator<Item = &'a str> {
    flags.iter().filter_map(|flag| match flag {
        Flag::Other(name) if !name.starts_with('\\') => Some(name),
        _ => None,
    })
}

/// All flags that a client can set: what other programs have set beyond these stays.
fn known() -> Flags {
    let system = SYSTEM.into_iter().map(|(_, letter)| letter);
    system.fold(('a'..='z').collect(), |all, letter| all | letter)
}

//! STORE, EXPUNGE and SEARCH.

use super::{
    Session, Work,
    problem::{Problem, on_disk},
    search::{Haystack, decoder},
    selected::{SYSTEM, Selected},
};
use imap_proto::{
    Misuse, Server,
    codec::{Code, Data, Flag, Items, SearchKey, Sequence, Store, Text},
    server::Search,
};
use maildir::{Error, Flags};

impl Session {
    /// STORE.
    pub(super) async fn store(
        &mut self,
        uid: bool,
        set: &Items<'_, Sequence>,
        (how, silent): (Store, bool),
        flags: &Items<'_, Flag<'_>>,
        imap: &mut Server,
    ) -> Result<(), Problem> {
        let numbers = self.writable()?.numbers(set, uid)?;
        let given = self.letters(flags, how != Store::Remove, imap).await?;
        let selected = self.selected()?;
        let maildir = selected.maildir.clone();
        let mut missing = false;
        for number in numbers {
            let Some(message) = selected.message_mut(number) else { continue };
            let before = message.entry.flags();
            let after = match how {
                Store::Set => (before - known()) | given,
                Store::Add => before | given,
                Store::Remove => before - given,
            };
            match maildir.set_flags(&mut message.entry, after) {
                Err(Error::Gone(_)) => missing = true,
                set => set?,
            }
            if !silent {
                selected.tell_flags(number, uid, imap)?;
            }
        }
        match missing {
            false => Ok(imap.accept()?),
            true => Err(Problem::no(Code::ExpungeIssued, "some of the messages are gone")),
        }
    }

    /// The letters that stand for these flags. Those of keywords are made if there are none yet.
    pub(super) async fn letters(
        &mut self,
        flags: &Items<'_, Flag<'_>>,
        make: bool,
        imap: &mut Server,
    ) -> Result<Flags, Problem> {
        let selected = self.selected()?;
        let mut letters = system(flags);
        let mut unknown = Vec::new();
        for keyword in keywords(flags) {
            match selected.keywords.flag(keyword) {
                Some(letter) => letters |= letter,
                None if make => unknown.push(keyword.to_owned()),
                None => {}
            }
        }
        if !unknown.is_empty() {
            let maildir = selected.maildir.clone();
            let made = on_disk(&self.shared.stamps, move |stamps| {
                let mut letters = Flags::default();
                for keyword in &unknown {
                    letters |= maildir.add_keyword(keyword, &stamps.now()?)?;
                }
                Ok((letters, maildir.keywords()?))
            });
            let (made, keywords) = made.await?;
            letters |= made;
            let selected = self.selected()?;
            selected.keywords = keywords;
            selected.tell_all_flags(imap)?;
        }
        Ok(letters)
    }

    /// EXPUNGE, or with UIDs UID EXPUNGE.
    pub(super) async fn expunge(
        &mut self,
        uids: Option<&Items<'_, Sequence>>,
        imap: &mut Server,
    ) -> Result<(), Problem> {
        let only = uids.map(|set| self.writable()?.numbers(set, true)).transpose()?;
        self.writable()?;
        self.remove_deleted(only).await?;
        self.selected()?.mark = None;
        self.refresh_and_accept(imap).await
    }

    /// Removes what has `\Deleted`, or of that only these.
    pub(super) async fn remove_deleted(&mut self, only: Option<Vec<u32>>) -> Result<(), Problem> {
        let selected = self.selected()?;
        let maildir = selected.maildir.clone();
        let numbered = (1u32..).zip(&selected.messages);
        let chosen = numbered.filter(|(number, message)| {
            let named = only.as_ref().is_none_or(|only| only.binary_search(number).is_ok());
            named && message.entry.flags().contains(Flags::TRASHED)
        });
        let entries: Vec<_> = chosen.map(|(_, message)| message.entry.clone()).collect();
        if entries.is_empty() {
            return Ok(());
        }
        let count = entries.len();
        let removed = on_disk(&self.shared.stamps, move |_| {
            for entry in &entries {
                match maildir.remove(entry) {
                    Ok(()) | Err(Error::Gone(_)) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(maildir.sync()?)
        });
        removed.await?;
        self.hop(format_args!("{} has removed {count} messages", self.user));
        Ok(())
    }

    /// SEARCH.
    pub(super) async fn search(
        &mut self,
        uid: bool,
        charset: Option<Text<'_>>,
        keys: &Items<'_, SearchKey<'_>>,
        imap: &mut Server,
    ) -> Result<(), Problem> {
        let Some(decode) = decoder(charset) else {
            const KNOWN: [Text<'static>; 2] = [Text::new(b"UTF-8"), Text::new(b"US-ASCII")];
            let code = Code::BadCharset(Items::new(&KNOWN));
            return Err(Problem::no(code, "this charset is not known"));
        };
        let selected = self.selected()?;
        let last_uid = selected.messages.last().map_or(0, |last| last.uid);
        let last = (selected.messages.len() as u32, last_uid);
        let search = Search::new(keys, last, decode);
        let haystack = Haystack {
            maildir: selected.maildir.clone(),
            messages: selected.messages.clone(),
            keywords: selected.keywords.clone(),
        };
        let found = on_disk(&self.shared.stamps, move |_| haystack.find(&search, uid)).await?;
        self.work = Some(Work::Found(found, 0));
        self.go_on(imap)
    }

    /// The mailbox that is selected, if it can be changed.
    pub(super) fn writable(&mut self) -> Result<&mut Selected, Problem> {
        let selected = self.selected()?;
        match selected.read_only {
            false => Ok(selected),
            true => Err(Problem::no(Code::NoPerm, "the mailbox was opened to be read only")),
        }
    }
}

impl Selected {
    /// Tells which flags there are, when there is a new keyword.
    pub(super) fn tell_all_flags(&self, imap: &mut Server) -> Result<(), Misuse> {
        imap.data(&Data::Flags(Items::new(&self.all_flags())))
    }
}

/// The letters of the system's flags among these. `\Recent` is not the client's to set, and what else has
/// a backslash is not known.
pub(super) fn system(flags: &Items<'_, Flag<'_>>) -> Flags {
    let letter = |flag: Flag<'_>| SYSTEM.into_iter().find(|(known, _)| *known == flag);
    flags.iter().filter_map(letter).fold(Flags::default(), |all, (_, letter)| all | letter)
}

/// The keywords among these flags.
pub(super) fn keywords<'a>(flags: &Items<'a, Flag<'a>>) -> impl Iterator<Item = &'a str> {
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

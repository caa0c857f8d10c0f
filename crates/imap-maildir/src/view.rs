//! A mailbox that is selected, as the client knows it.

use crate::{Error, Stamps, stamp};
use imap_proto::{
    Misuse, Server,
    codec::{Data, Fetch, FetchData, Flag, Items, Sequence},
    server::Mailbox,
};
use maildir::{Flags, Keywords, Maildir, Mark, Message, Numbered};
use posta_core::disk::{Disk, Kind};

/// The flags of IMAP and the letters that stand for them.
pub(crate) const SYSTEM: [(Flag<'static>, Flags); 5] = [
    (Flag::Answered, Flags::REPLIED),
    (Flag::Flagged, Flags::FLAGGED),
    (Flag::Deleted, Flags::TRASHED),
    (Flag::Seen, Flags::SEEN),
    (Flag::Draft, Flags::DRAFT),
];

/// A mailbox that is selected: the messages by the sequence numbers that the client knows.
///
/// What another program does is seen by [`looking`](Self::look) and told by [`update`](Self::update), as far
/// as the client may be told: a message that is gone keeps its number until then.
#[derive(Debug)]
pub struct View<D> {
    maildir: Maildir<D>,
    read_only: bool,
    pub(crate) messages: Vec<Message>,
    uid_validity: u32,
    uid_next: u32,
    pub(crate) keywords: Keywords,
    /// When it was looked at last; `None` if it must be looked at.
    mark: Option<Mark>,
}

/// What there is in a mailbox, read from the disk.
#[derive(Clone, Debug)]
pub struct Listing {
    mark: Mark,
    numbered: Numbered,
    keywords: Keywords,
}

impl Listing {
    /// Reads it. `read_only` is for those who only look: what is new stays new for others.
    ///
    /// # Errors
    /// The disk failed, or another program is giving out UIDs, or the mailbox is no more ([`Error::Lost`]).
    pub fn read<D: Disk + Clone>(
        maildir: &Maildir<D>,
        read_only: bool,
        stamps: &Stamps<'_>,
    ) -> Result<Self, Error> {
        let stamp = stamp(stamps)?;
        let mark = maildir.mark(stamp.time.as_secs())?;
        let numbered = maildir.numbered(&stamp, !read_only).map_err(|error| match error {
            maildir::Error::Disk(error) if error.kind == Kind::NotFound => {
                Error::Lost("the mailbox is no more")
            }
            error => error.into(),
        })?;
        Ok(Self { mark, numbered, keywords: maildir.keywords()? })
    }
}

impl<D: Disk + Clone> View<D> {
    /// A mailbox as it was just read.
    pub fn new(maildir: Maildir<D>, read_only: bool, listing: Listing) -> Self {
        let Listing { mark, numbered, keywords } = listing;
        let Numbered { uid_validity, uid_next, messages } = numbered;
        Self { maildir, read_only, messages, uid_validity, uid_next, keywords, mark: Some(mark) }
    }

    /// Answers SELECT or EXAMINE.
    ///
    /// # Errors
    /// As for [`Server::select`].
    pub fn select(&self, imap: &mut Server) -> Result<(), Misuse> {
        let flags = self.all_flags();
        let mut permanent_flags = flags.clone();
        permanent_flags.push(Flag::Any);
        let unseen = |message: &Message| !message.entry.flags().contains(Flags::SEEN);
        imap.select(&Mailbox {
            exists: self.messages.len() as u32,
            recent: self.recent(),
            flags: &flags,
            permanent_flags: if self.read_only { &[] } else { &permanent_flags },
            unseen: self.messages.iter().position(unseen).map(|at| at as u32 + 1),
            uid_validity: self.uid_validity,
            uid_next: self.uid_next,
            read_only: self.read_only,
        })
    }

    /// Where it is stored.
    pub fn maildir(&self) -> &Maildir<D> {
        &self.maildir
    }

    /// Whether it was opened to be read only.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// How many messages the client knows.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether the client knows of no message.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The sequence numbers of the messages of a set, ascending, each once.
    ///
    /// # Errors
    /// The set names a sequence number that there is not (RFC 3501 9); a UID that there is not is none.
    pub fn numbers(&self, set: &Items<'_, Sequence>, uid: bool) -> Result<Vec<u32>, Error> {
        let count = self.messages.len();
        // By RFC 3501 9 an error as well, but clients ask an empty mailbox for `1:*`.
        if count == 0 && set.iter().all(|part| part.last.is_none() || part.first.is_none()) {
            return Ok(Vec::new());
        }
        let last = if uid { self.messages.last().map_or(0, |last| last.uid) } else { count as u32 };
        let mut chosen = vec![false; count];
        for range in set.iter().map(|part| part.resolve(last)) {
            if !uid && (range.first == 0 || range.last > last) {
                return Err(Error::Bad("there is no such message"));
            }
            let at = |number: u32| match uid {
                true => self.messages.partition_point(|message| message.uid < number),
                false => number as usize - 1,
            };
            let end = range.last.checked_add(1).map_or(count, at);
            if let Some(chosen) = chosen.get_mut(at(range.first)..end) {
                chosen.fill(true);
            }
        }
        Ok((1..).zip(chosen).filter_map(|(number, chosen)| chosen.then_some(number)).collect())
    }

    /// The message with this sequence number.
    pub fn message(&self, number: u32) -> Option<&Message> {
        self.messages.get((number as usize).checked_sub(1)?)
    }

    pub(crate) fn message_mut(&mut self, number: u32) -> Option<&mut Message> {
        self.messages.get_mut((number as usize).checked_sub(1)?)
    }

    /// Looks at the disk next time, whatever it says: something was done.
    pub fn touch(&mut self) {
        self.mark = None;
    }

    /// Whether something may have happened since the mailbox was read last: then it is to be
    /// [read](Listing::read) again. Costs next to nothing. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// The disk failed.
    pub fn look(&self, now: u64) -> Result<bool, Error> {
        let mark = self.maildir.mark(now)?;
        Ok(!self.mark.is_some_and(|before| mark.unchanged_since(&before)))
    }

    /// The same mailbox, which has another name now.
    pub fn relocate(&mut self, maildir: Maildir<D>) {
        self.maildir = maildir;
    }

    /// Tells the client what has happened since the mailbox was read last, as far as it may be told now.
    ///
    /// # Errors
    /// As for [`Server::data`]; or the mailbox is another ([`Error::Lost`]).
    pub fn update(&mut self, listing: Listing, imap: &mut Server) -> Result<(), Error> {
        let Listing { mark, numbered, keywords } = listing;
        let Numbered { uid_validity, uid_next, messages } = numbered;
        if uid_validity != self.uid_validity {
            // RFC 3501 2.3.1.1: UIDs do not change in a session.
            return Err(Error::Lost("the mailbox has been rebuilt"));
        }
        (self.mark, self.uid_next) = (Some(mark), uid_next);
        if keywords != self.keywords {
            self.keywords = keywords;
            self.tell_all_flags(imap)?;
        }
        let recent = self.recent();
        let (mut gone, mut changed) = (Vec::new(), Vec::new());
        let mut new = messages.into_iter().peekable();
        for (number, old) in (1u32..).zip(&mut self.messages) {
            // UIDs that come late are of no session that has seen higher ones.
            while new.next_if(|message| message.uid < old.uid).is_some() {}
            match new.next_if(|message| message.uid == old.uid) {
                Some(message) => {
                    if message.entry.flags() != old.entry.flags() || message.recent && !old.recent {
                        changed.push(number);
                    }
                    *old = Message { recent: old.recent || message.recent, ..message };
                }
                None => gone.push(number),
            }
        }
        for number in changed {
            self.tell_flags(number, false, imap)?;
        }
        if imap.may_expunge() {
            // From the last on, so that no number changes before it is told.
            for number in gone.iter().rev() {
                imap.data(&Data::Expunge(*number))?;
            }
            let mut number = 0;
            self.messages.retain(|_| {
                number += 1;
                gone.binary_search(&number).is_err()
            });
        }
        let left = self.messages.len();
        self.messages.extend(new);
        if self.messages.len() > left {
            imap.data(&Data::Exists(self.messages.len() as u32))?;
        }
        if self.recent() != recent {
            imap.data(&Data::Recent(self.recent()))?;
        }
        Ok(())
    }

    /// The flags of a message in IMAP's words.
    pub(crate) fn flags(&self, message: &Message) -> Vec<Flag<'_>> {
        flags(message, &self.keywords)
    }

    /// Tells the flags of a message, with its UID if the client uses UIDs.
    pub(crate) fn tell_flags(
        &self,
        number: u32,
        uid: bool,
        imap: &mut Server,
    ) -> Result<(), Misuse> {
        let Some(message) = self.message(number) else { return Ok(()) };
        let flags = self.flags(message);
        let data = [FetchData::Flags(Items::new(&flags)), FetchData::Uid(message.uid)];
        let data = Items::new(if uid { &data } else { &data[..1] });
        imap.data(&Data::Fetch(Fetch { number, data }))
    }

    /// Tells which flags there are, when there is a new keyword.
    pub(crate) fn tell_all_flags(&self, imap: &mut Server) -> Result<(), Misuse> {
        imap.data(&Data::Flags(Items::new(&self.all_flags())))
    }

    /// All flags that messages can have.
    fn all_flags(&self) -> Vec<Flag<'_>> {
        let system = SYSTEM.into_iter().map(|(flag, _)| flag);
        system.chain(self.keywords.iter().map(|(_, name)| Flag::Other(name))).collect()
    }

    fn recent(&self) -> u32 {
        self.messages.iter().filter(|message| message.recent).count() as u32
    }
}

/// The flags of a message in IMAP's words.
pub(crate) fn flags<'k>(message: &Message, keywords: &'k Keywords) -> Vec<Flag<'k>> {
    let flags = message.entry.flags();
    let system = SYSTEM.into_iter().filter(|(_, letter)| flags.contains(*letter));
    let mut all: Vec<_> = system.map(|(flag, _)| flag).collect();
    all.extend(keywords.of(flags).map(Flag::Other));
    if message.recent {
        all.push(Flag::Recent);
    }
    all
}

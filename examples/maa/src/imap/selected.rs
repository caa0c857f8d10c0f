//! The mailbox that is selected, as the client knows it.

use super::problem::Problem;
use imap_proto::{
    Misuse, Server,
    codec::{Data, Fetch, FetchData, Flag, Items, Sequence},
};
use maildir::{Flags, Keywords, MailboxName, Maildir, Mark, Message, Numbered};
use posta_core::disk::fs::Fs;

/// The flags of IMAP and the letters that stand for them.
pub(crate) const SYSTEM: [(Flag<'static>, Flags); 5] = [
    (Flag::Answered, Flags::REPLIED),
    (Flag::Flagged, Flags::FLAGGED),
    (Flag::Deleted, Flags::TRASHED),
    (Flag::Seen, Flags::SEEN),
    (Flag::Draft, Flags::DRAFT),
];

pub(crate) struct Selected {
    pub(crate) name: MailboxName,
    pub(crate) maildir: Maildir<Fs>,
    pub(crate) read_only: bool,
    /// The messages by their sequence numbers. What is gone stays until the client can be told.
    pub(crate) messages: Vec<Message>,
    pub(crate) uid_validity: u32,
    pub(crate) uid_next: u32,
    pub(crate) keywords: Keywords,
    /// When it was looked at last.
    pub(crate) mark: Option<Mark>,
}

impl Selected {
    /// The sequence numbers of the messages of a set, ascending, each once.
    pub(crate) fn numbers(
        &self,
        set: &Items<'_, Sequence>,
        uid: bool,
    ) -> Result<Vec<u32>, Problem> {
        let count = self.messages.len();
        let last = if uid { self.messages.last().map_or(0, |last| last.uid) } else { count as u32 };
        let mut chosen = vec![false; count];
        for range in set.iter().map(|part| part.resolve(last)) {
            // RFC 3501 9: a sequence number that there is not is an error, a UID is none.
            if !uid && (range.first == 0 || range.last > last) {
                return Err(Problem::Bad("there is no such message"));
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
    pub(crate) fn message(&self, number: u32) -> Option<&Message> {
        self.messages.get((number as usize).checked_sub(1)?)
    }

    /// The same, to be changed.
    pub(crate) fn message_mut(&mut self, number: u32) -> Option<&mut Message> {
        self.messages.get_mut((number as usize).checked_sub(1)?)
    }

    /// The flags of a message in IMAP's words.
    pub(crate) fn flags(&self, message: &Message) -> Vec<Flag<'_>> {
        flags(message, &self.keywords)
    }

    /// All flags that messages can have.
    pub(crate) fn all_flags(&self) -> Vec<Flag<'_>> {
        let system = SYSTEM.into_iter().map(|(flag, _)| flag);
        system.chain(self.keywords.iter().map(|(_, name)| Flag::Other(name))).collect()
    }

    pub(crate) fn recent(&self) -> u32 {
        self.messages.iter().filter(|message| message.recent).count() as u32
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

    /// Takes a new listing for what there is, and tells the client what has happened, as far as it may be
    /// told now.
    pub(crate) fn update(&mut self, now: Numbered, imap: &mut Server) -> Result<(), Misuse> {
        let Numbered { uid_validity, uid_next, messages } = now;
        if uid_validity != self.uid_validity {
            // RFC 3501 2.3.1.1: UIDs do not change in a session.
            return imap.bye("the mailbox has been rebuilt");
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
        if imap.may_expunge() {
            changed.retain(|number| gone.binary_search(number).is_err());
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
        self.uid_next = uid_next;
        if self.messages.len() > left {
            imap.data(&Data::Exists(self.messages.len() as u32))?;
        }
        if self.recent() != recent {
            imap.data(&Data::Recent(self.recent()))?;
        }
        Ok(())
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

//! Messages that come into a mailbox: APPEND, COPY and MOVE.

use crate::{
    Error, Stamps, View, stamp,
    store::{keywords, system},
};
use imap_proto::codec::{Code, Condition, DateTime, Flag, Items, Range, Status};
use maildir::{Delivery, Entry, Flags, Maildir, Stamp, Uids};
use posta_core::disk::Disk;
use std::{collections::VecDeque, time::Duration};

/// A message that is being appended.
#[derive(Debug)]
pub struct Arrival<D: Disk> {
    target: Maildir<D>,
    delivery: Option<Delivery<D>>,
    /// What it is called, once it is stored.
    entry: Option<Entry>,
    flags: Flags,
    keywords: Vec<String>,
    failed: Option<maildir::Error>,
}

/// Messages that came, and what they are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    uid_validity: u32,
    /// The UIDs they had; none if they were appended.
    from: Vec<Range>,
    uids: Vec<Range>,
}

impl Arrived {
    /// What to answer: `OK`, with APPENDUID or COPYUID.
    pub fn status(&self) -> Status<'_> {
        let Self { uid_validity, from, uids } = self;
        let (uid_validity, uids) = (*uid_validity, Items::new(uids));
        let code = match from.is_empty() {
            _ if uids.is_empty() => None,
            true => Some(Code::AppendUid { uid_validity, uids }),
            false => Some(Code::CopyUid { uid_validity, from: Items::new(from), to: uids }),
        };
        Status { code, ..Status::new(Condition::Ok, "done") }
    }
}

impl<D: Disk + Clone> Arrival<D> {
    /// Begins to take a message into a mailbox. `now` stamps it, unless the client gives a `date`.
    ///
    /// # Errors
    /// The disk failed.
    pub fn begin(
        target: Maildir<D>,
        flags: &Items<'_, Flag<'_>>,
        date: Option<DateTime>,
        now: Stamp<'_>,
    ) -> Result<Self, Error> {
        // What is from before 1970 becomes a file of then.
        let time = date.map(|date| Duration::from_secs(date.unix().max(0).unsigned_abs()));
        let delivery = target.deliver(&Stamp { time: time.unwrap_or(now.time), ..now })?;
        Ok(Self {
            target,
            delivery: Some(delivery),
            entry: None,
            flags: system(flags),
            keywords: keywords(flags).map(str::to_owned).collect(),
            failed: None,
        })
    }

    /// Takes the next octets. If they cannot be written, that is told at the end.
    pub fn write(&mut self, octets: &[u8]) {
        if let (Some(delivery), None) = (&mut self.delivery, &self.failed) {
            self.failed = delivery.write(octets).err();
        }
    }

    /// Stores the message for good. May be called again when a lock was in the way.
    ///
    /// # Errors
    /// The disk failed, or a keyword cannot be made: nothing was stored, unless it is the UID alone that
    /// could not be given.
    pub fn store(&mut self, stamps: &Stamps<'_>) -> Result<Arrived, Error> {
        if let Some(error) = self.failed.take() {
            self.delivery = None;
            return Err(error.into());
        }
        let mut flags = self.flags;
        for keyword in &self.keywords {
            flags |= self.target.add_keyword(keyword, &stamp(stamps)?)?;
        }
        if let Some(delivery) = self.delivery.take() {
            self.entry = Some(delivery.commit_with(flags)?);
        }
        let Uids { uid_validity, uids } =
            self.target.number_arrivals(self.entry.as_slice(), &stamp(stamps)?)?;
        Ok(Arrived { uid_validity, from: Vec::new(), uids: ranges(&uids) })
    }
}

/// A COPY or MOVE.
#[derive(Debug)]
pub struct Transfer<D: Disk> {
    source: Maildir<D>,
    target: Maildir<D>,
    moves: bool,
    todo: VecDeque<(u32, Entry)>,
    old: Vec<u32>,
    new: Vec<Entry>,
}

impl<D: Disk + Clone> Transfer<D> {
    /// Of the messages with these sequence numbers into another mailbox.
    pub fn new(view: &View<D>, numbers: &[u32], target: Maildir<D>, moves: bool) -> Self {
        let chosen = numbers.iter().filter_map(|number| view.message(*number));
        Self {
            source: view.maildir().clone(),
            target,
            moves,
            todo: chosen.map(|message| (message.uid, message.entry.clone())).collect(),
            old: Vec::new(),
            new: Vec::new(),
        }
    }

    /// Does it. May be called again when a lock was in the way.
    ///
    /// # Errors
    /// The disk failed, or a message is gone: then no message was copied, but some may have been moved.
    pub fn run(&mut self, stamps: &Stamps<'_>) -> Result<Arrived, Error> {
        while let Some((uid, entry)) = self.todo.front() {
            let stamp = stamp(stamps)?;
            let arrived = match self.moves {
                true => self.source.move_to(entry, &self.target, &stamp),
                false => self.source.copy(entry, &self.target, &stamp),
            };
            match arrived {
                Ok(entry) => self.new.push(entry),
                Err(error @ maildir::Error::Locked(_)) => return Err(error.into()),
                Err(error) => {
                    // RFC 3501 6.4.7: all or nothing; what was moved would be lost.
                    for copy in self.new.drain(..).filter(|_| !self.moves) {
                        self.target.remove(&copy)?;
                    }
                    return Err(error.into());
                }
            }
            self.old.push(*uid);
            self.todo.pop_front();
        }
        if self.moves {
            self.target.sync()?;
            self.source.sync()?;
        }
        let Uids { uid_validity, uids } =
            self.target.number_arrivals(&self.new, &stamp(stamps)?)?;
        Ok(Arrived { uid_validity, from: ranges(&self.old), uids: ranges(&uids) })
    }
}

/// The same numbers in the same order, runs of them as one.
fn ranges(numbers: &[u32]) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some(last) if last.last.checked_add(1) == Some(*number) => last.last = *number,
            _ => ranges.push(Range::from(*number)),
        }
    }
    ranges
}

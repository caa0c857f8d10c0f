//! Messages that come in: APPEND, COPY and MOVE.

use super::{
    Session, names,
    problem::{Problem, on_disk},
    store::{keywords, system},
};
use agent::Stamps;
use imap_proto::{
    Server,
    codec::{Code, Condition, DateTime, Flag, Items, Range, Sequence, Status, Text},
};
use maildir::{Delivery, Entry, Flags, Maildir};
use posta_core::disk::fs::Fs;
use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

/// A message that is being appended.
pub(super) struct Incoming {
    target: Maildir<Fs>,
    delivery: Delivery<Fs>,
    flags: Flags,
    keywords: Vec<String>,
    failed: Option<maildir::Error>,
}

impl Incoming {
    /// Takes the next octets. If they cannot be written, that is told at the end.
    pub(super) fn write(&mut self, octets: &[u8]) {
        if self.failed.is_none() {
            self.failed = self.delivery.write(octets).err();
        }
    }
}

/// Which messages have become which, under UIDs.
struct Copied {
    uid_validity: u32,
    from: Vec<Range>,
    to: Vec<Range>,
}

impl Session {
    /// APPEND, before the message comes.
    pub(super) fn begin_append(
        &mut self,
        mailbox: Text<'_>,
        flags: &Items<'_, Flag<'_>>,
        date: Option<DateTime>,
        imap: &mut Server,
    ) -> Result<(), Problem> {
        let target = names::open_target(self.home()?, &names::mailbox(mailbox)?)?;
        // What is from before 1970 becomes a file of then.
        let time = date.map(|date| Duration::from_secs(date.unix().max(0).unsigned_abs()));
        let stamp = self.shared.stamps.at(time.unwrap_or_else(agent::now))?;
        let delivery = target.deliver(&stamp)?;
        self.incoming = Some(Incoming {
            target,
            delivery,
            flags: system(flags),
            keywords: keywords(flags).map(str::to_owned).collect(),
            failed: None,
        });
        Ok(imap.accept()?)
    }

    /// APPEND, when the message has come.
    pub(super) async fn append(&mut self, imap: &mut Server) -> Result<(), Problem> {
        let Some(Incoming { target, delivery, mut flags, keywords, failed }) = self.incoming.take()
        else {
            return Err(Problem::Bad("no message has come"));
        };
        if let Some(error) = failed {
            return Err(error.into());
        }
        let maildir = target.clone();
        let lettered = on_disk(&self.shared.stamps, move |stamps| {
            for keyword in &keywords {
                flags |= maildir.add_keyword(keyword, &stamps.now()?)?;
            }
            Ok(flags)
        });
        flags = lettered.await?;
        let mut delivery = Some(delivery);
        let stored = on_disk(&self.shared.stamps, move |_| {
            let Some(delivery) = delivery.take() else {
                return Err(Problem::Bad("stored already"));
            };
            Ok(delivery.commit_with(flags)?)
        });
        let ids = [stored.await?.id().to_owned()];
        let numbered = on_disk(&self.shared.stamps, move |stamps| uids(&target, &ids, stamps));
        let (uid_validity, uids) = numbered.await?;
        if let Some(selected) = &mut self.selected {
            selected.mark = None;
        }
        self.refresh(imap).await?;
        let uids = ranges(&uids);
        let code =
            (!uids.is_empty()).then(|| Code::AppendUid { uid_validity, uids: Items::new(&uids) });
        Ok(imap.finish(&Status { code, ..Status::new(Condition::Ok, "stored") })?)
    }

    /// COPY, or MOVE.
    pub(super) async fn copy(
        &mut self,
        uid: bool,
        set: &Items<'_, Sequence>,
        mailbox: Text<'_>,
        moves: bool,
        imap: &mut Server,
    ) -> Result<(), Problem> {
        let target = names::open_target(self.home()?, &names::mailbox(mailbox)?)?;
        let selected = if moves { self.writable()? } else { self.selected()? };
        let numbers = selected.numbers(set, uid)?;
        let chosen = numbers.iter().filter_map(|number| selected.message(*number));
        let mut todo: VecDeque<_> =
            chosen.map(|message| (message.uid, message.entry.clone())).collect();
        let source = selected.maildir.clone();
        let (mut old, mut new) = (Vec::new(), Vec::new());
        let copied = on_disk(&self.shared.stamps, move |stamps| {
            while let Some((uid, entry)) = todo.front() {
                let copy = match transfer(&source, entry, &target, moves, stamps) {
                    // Whoever waits for a lock goes on from here.
                    Err(problem @ Problem::Maildir(maildir::Error::Locked(_))) => {
                        return Err(problem);
                    }
                    Err(problem) => {
                        // RFC 3501 6.4.7: all or nothing; what was moved cannot be lost that way.
                        for copy in new.drain(..).filter(|_| !moves) {
                            target.remove(&copy)?;
                        }
                        return Err(problem);
                    }
                    Ok(copy) => copy,
                };
                old.push(*uid);
                new.push(copy);
                todo.pop_front();
            }
            if moves {
                target.sync()?;
                source.sync()?;
            }
            let ids: Vec<_> = new.iter().map(|entry| entry.id().to_owned()).collect();
            let (uid_validity, uids) = uids(&target, &ids, stamps)?;
            Ok(Copied { uid_validity, from: ranges(&old), to: ranges(&uids) })
        });
        let Copied { uid_validity, from, to } = copied.await?;
        let code = (!from.is_empty() && !to.is_empty()).then(|| Code::CopyUid {
            uid_validity,
            from: Items::new(&from),
            to: Items::new(&to),
        });
        let status = Status { code, ..Status::new(Condition::Ok, "done") };
        self.selected()?.mark = None;
        if !moves {
            self.refresh(imap).await?;
            return Ok(imap.finish(&status)?);
        }
        // RFC 6851 4.3: before the messages disappear.
        imap.status(&status)?;
        self.refresh_and_accept(imap).await
    }
}

/// Copies or moves one message.
fn transfer(
    source: &Maildir<Fs>,
    entry: &Entry,
    target: &Maildir<Fs>,
    moves: bool,
    stamps: &Stamps,
) -> Result<Entry, Problem> {
    if moves {
        return Ok(source.move_to(entry, target, &stamps.now()?)?);
    }
    Ok(source.copy(entry, target, &stamps.now()?)?)
}

/// The validity of a mailbox's UIDs, and the UIDs of these messages.
fn uids(
    maildir: &Maildir<Fs>,
    ids: &[String],
    stamps: &Stamps,
) -> Result<(u32, Vec<u32>), Problem> {
    let numbered = maildir.numbered(&stamps.now()?, false)?;
    let known: HashMap<_, _> =
        numbered.messages.iter().map(|message| (message.entry.id(), message.uid)).collect();
    let uids = ids.iter().filter_map(|id| known.get(id.as_str()).copied()).collect();
    Ok((numbered.uid_validity, uids))
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

use crate::{
    Entry, Error, Maildir, Stamp,
    lock::{self, Lock},
    mailbox::dedup_to_last,
    uid_list::{Damaged, Listed, MAX_LINES, UidList, is_name},
};
use posta_core::disk::{Disk, Kind};
use std::collections::HashMap;

/// The file that says which message has which UID.
pub(crate) const UID_LIST: &str = "dovecot-uidlist";

/// The most octets of that file.
const MAX_LIST: usize = 256 << 20;

/// Empty files with this name and a UIDVALIDITY in hexadecimal: the highest that was given in the Maildir.
const VALIDITY: &str = "dovecot-uidvalidity.";

/// The messages of a folder with their UIDs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// What UIDs are good for: while it is the same, a UID means the same message (RFC 3501 2.3.1.1).
    pub uid_validity: u32,
    /// What the next message will at least have.
    pub uid_next: u32,
    /// The messages in the ascending order of their UIDs.
    pub messages: Vec<Message>,
}

/// The UIDs of messages that have just come to a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uids {
    /// As in [`Numbered`].
    pub uid_validity: u32,
    /// Theirs, in the order in which the messages were named. None for a message that is gone where the list
    /// had to be made anew.
    pub uids: Vec<u32>,
}

/// A message and its UID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its UID.
    pub uid: u32,
    /// No program has seen the message before: it was in `new` until this listing (RFC 3501 2.3.2,
    /// `\Recent`).
    pub recent: bool,
    /// Its file.
    pub entry: Entry,
}

impl<D: Disk + Clone> Maildir<D> {
    /// The messages in ascending order of their UIDs. Those without one get theirs now, in the order in which
    /// they were delivered, and keep it: all programs that share the folder, Dovecot among them, give a
    /// message the same UID.
    ///
    /// With `adopt`, messages that are in `new` move to `cur`, so that they are recent in this listing and in
    /// no other; without, they stay and are recent again.
    ///
    /// A file whose name cannot stand in the list, as one with a line feed, gets no UID and is left out.
    ///
    /// Nothing is written if every message has a UID. Lines of messages that are gone go away when something
    /// is written. A list that is lost or damaged is made anew, with a higher UIDVALIDITY.
    ///
    /// # Errors
    /// The disk failed, another program is just writing the list, there are more than 4,000,000 messages, or
    /// the last UIDVALIDITY is used up.
    pub fn numbered(&self, stamp: &Stamp<'_>, adopt: bool) -> Result<Numbered, Error> {
        // First the list, then the folder: a message that is only in the folder has no UID, and every UID
        // that is not in the list will be higher.
        let text = self.uid_list()?;
        let list = text.as_deref().and_then(|text| UidList::parse(text).ok());
        let known = match &list {
            Some(list) => self.known(list)?,
            None => None,
        };
        let mut numbered = match known {
            Some(numbered) => numbered,
            None => self.number(stamp)?,
        };
        for message in numbered.messages.iter_mut().filter(|message| message.entry.is_new()) {
            message.recent = !adopt || self.adopt(&mut message.entry)?;
        }
        Ok(numbered)
    }

    /// The UIDs of messages that have just come to this folder, which they get now if they have none. Neither
    /// the folder is read nor the list written anew, unless it must: it takes a line for each.
    ///
    /// # Errors
    /// As for [`numbered`](Self::numbered).
    pub fn number_arrivals(&self, entries: &[Entry], stamp: &Stamp<'_>) -> Result<Uids, Error> {
        if let Some(uids) = self.add_to_list(entries, stamp)? {
            return Ok(uids);
        }
        let Numbered { uid_validity, messages, .. } = self.number(stamp)?;
        let known: HashMap<_, _> =
            messages.iter().map(|message| (message.entry.id(), message.uid)).collect();
        let uids = entries.iter().filter_map(|entry| known.get(entry.id()).copied());
        Ok(Uids { uid_validity, uids: uids.collect() })
    }

    /// Adds the lines of these messages to the end of the list, if it is one that takes them.
    fn add_to_list(&self, entries: &[Entry], stamp: &Stamp<'_>) -> Result<Option<Uids>, Error> {
        let lock = Lock::take(self.disk.clone(), self.path(UID_LIST), stamp.time.as_secs())?;
        let Some(text) = self.uid_list()? else { return Ok(None) };
        let Ok(mut list) = UidList::parse(&text) else { return Ok(None) };
        if !list.takes(entries.len()) || !entries.iter().all(|entry| is_name(entry.base())) {
            return Ok(None);
        }
        let mut lines = String::new();
        let mut uids = Vec::with_capacity(entries.len());
        for entry in entries {
            let listed = list.messages.get(entry.id()).copied().unwrap_or_else(|| {
                let listed = Listed { uid: list.next, fields: "" };
                listed.write(entry.base(), &mut lines);
                list.next += 1;
                listed
            });
            uids.push(listed.uid);
        }
        let uids = Uids { uid_validity: list.validity, uids };
        // Names that are no UTF-8 were replaced as the list was read; that others have added lines meanwhile can
        // only be where this program was stopped for minutes, and the lock was given up.
        let size = self.disk.stat(&self.path(UID_LIST))?.size;
        if size != text.len() as u64 || text.len() + lines.len() > MAX_LIST {
            return Ok(None);
        }
        if lines.is_empty() {
            self.make_last(&list)?;
            return Ok(Some(uids));
        }
        if list.added == 0 {
            lock::make_last(&self.disk, &self.path(UID_LIST))?;
        }
        if lock.append(lines.as_bytes()).is_err() {
            // These lines count as written with the list, whose name does not last yet.
            let mut whole = String::new();
            list.write_header(&mut whole);
            whole.extend(text.split_once('\n').map(|(_, rest)| rest));
            whole.push_str(&lines);
            lock.replace(whole.as_bytes())?;
        }
        Ok(Some(uids))
    }

    /// As [`numbered`](Self::numbered), where some message may have no UID. No message is told of as recent.
    fn number(&self, stamp: &Stamp<'_>) -> Result<Numbered, Error> {
        let now = stamp.time.as_secs();
        let lock = Lock::take(self.disk.clone(), self.path(UID_LIST), now)?;
        // From here on no other program gives out any: what is in the list was in the folder before.
        let text = self.uid_list()?.unwrap_or_default();
        let mut list = match UidList::parse(&text) {
            Ok(list) => match self.known(&list)? {
                Some(numbered) => return Ok(numbered),
                None => list,
            },
            Err(Damaged(validity)) => self.anew(validity, now)?,
        };
        let entries = named(self.list()?);
        if entries.len() > MAX_LINES {
            return Err(Error::TooManyMessages);
        }
        let is_listed = |entry: &&Entry| list.messages.contains_key(entry.id());
        let more = entries.len() - entries.iter().filter(is_listed).count();
        if more > (u32::MAX - list.next) as usize {
            // RFC 3501 2.3.1.1: when UIDs are used up, they all become others.
            list = self.anew(list.validity, now)?;
        }
        let guid = guid(stamp);
        if !list.has_guid() {
            list.fields.push(&guid);
        }
        let mut rows = Vec::with_capacity(entries.len());
        for entry in entries {
            let listed = list.messages.get(entry.id()).copied().unwrap_or_else(|| {
                list.next += 1;
                Listed { uid: list.next - 1, fields: "" }
            });
            rows.push((listed, entry));
        }
        rows.sort_by_key(|(listed, _)| listed.uid);
        let mut written = String::new();
        list.write_header(&mut written);
        for (listed, entry) in &rows {
            listed.write(entry.base(), &mut written);
        }
        if written.len() > MAX_LIST {
            return Err(Error::TooManyMessages);
        }
        lock.replace(written.as_bytes())?;
        let messages = rows.into_iter().map(|(listed, entry)| Message::new(listed.uid, entry));
        Ok(Numbered::new(&list, messages.collect()))
    }

    /// The messages with their UIDs, if all have one, and the list lasts.
    fn known(&self, list: &UidList<'_>) -> Result<Option<Numbered>, Error> {
        // One reading is enough if it finds all that are in the list: none of them was missed.
        let mut known = known(list, named(self.scan()?));
        if known.as_ref().is_some_and(|known| known.messages.len() < list.messages.len()) {
            known = self::known(list, named(self.list()?));
        }
        if known.is_some() {
            self.make_last(list)?;
        }
        Ok(known)
    }

    /// Moves a message from `new` to `cur`; whether no other program did.
    fn adopt(&self, entry: &mut Entry) -> Result<bool, Error> {
        let seen = entry.with_flags(entry.flags());
        match self.disk.rename(&self.path(&entry.path()), &self.path(&seen.path())) {
            Err(error) if error.kind == Kind::NotFound => Ok(false),
            renamed => {
                renamed?;
                *entry = seen;
                Ok(true)
            }
        }
    }

    /// The text of the list; empty, and so damaged, if it is too large.
    fn uid_list(&self) -> Result<Option<String>, Error> {
        let path = self.path(UID_LIST);
        if matches!(self.disk.stat(&path), Ok(stat) if stat.size > MAX_LIST as u64) {
            return Ok(Some(String::new()));
        }
        let octets = lock::glance(&self.disk, &path, MAX_LIST)?;
        // Names that are no UTF-8 are not listed and have no UIDs; they must not harm the others.
        Ok(octets.map(|octets| String::from_utf8_lossy(&octets).into_owned()))
    }

    /// Makes a list that was read last: whoever has written it may not have come to that yet. Lines are added
    /// only when its name lasts, so it is either the name or the lines.
    fn make_last(&self, list: &UidList<'_>) -> Result<(), Error> {
        let path = self.path(UID_LIST);
        if list.added == 0 {
            return Ok(lock::make_last(&self.disk, &path)?);
        }
        let mut file = self.disk.append(&path)?;
        Ok(self.disk.sync(&mut file)?)
    }

    /// An empty list with a UIDVALIDITY that no folder here has had.
    fn anew(&self, before: u32, now: u64) -> Result<UidList<'static>, Error> {
        let root = self.disk.read_dir("")?;
        let hex = |name: &str| u32::from_str_radix(name.strip_prefix(VALIDITY)?, 16).ok();
        let given: Vec<_> = root.iter().filter_map(|entry| hex(&entry.name)).collect();
        let highest = given.iter().copied().fold(before, u32::max);
        let higher = highest.checked_add(1).ok_or(Error::NoUidValidity)?;
        // Seconds since 1970, as is usual, so that it is higher even where nothing is left to tell.
        let validity = u32::try_from(now).unwrap_or(u32::MAX).max(higher);
        self.disk.create(&format!("{VALIDITY}{validity:08x}"))?;
        self.disk.sync_dir("")?;
        for old in given {
            // Those that stay are lower, and so do no harm.
            let _ = self.disk.remove(&format!("{VALIDITY}{old:08x}"));
        }
        Ok(UidList { validity, next: 1, ..UidList::default() })
    }
}

impl Numbered {
    fn new(list: &UidList<'_>, messages: Vec<Message>) -> Self {
        Self { uid_validity: list.validity, uid_next: list.next, messages }
    }
}

impl Message {
    fn new(uid: u32, entry: Entry) -> Self {
        Self { uid, recent: false, entry }
    }
}

/// The messages with their UIDs, if all have one.
fn known(list: &UidList<'_>, entries: Vec<Entry>) -> Option<Numbered> {
    let uid = |entry: &Entry| Some(list.messages.get(entry.id())?.uid);
    let messages = entries.into_iter().map(|entry| Some(Message::new(uid(&entry)?, entry)));
    let mut messages = messages.collect::<Option<Vec<_>>>()?;
    messages.sort_by_key(|message| message.uid);
    // A message that was seen twice is where it was seen last.
    dedup_to_last(&mut messages, |a, b| a.uid == b.uid);
    Some(Numbered::new(list, messages))
}

/// The messages whose names can be in the list: no delivery makes another, which would damage it.
fn named(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.retain(|entry| is_name(entry.base()));
    entries
}

/// An id for the folder, in which Dovecot keeps one: 128 bits.
fn guid(stamp: &Stamp<'_>) -> String {
    let Stamp { time, process, count, random, .. } = *stamp;
    format!("G{random:016x}{:016x}", time.as_micros() as u64 ^ (u64::from(process) << 32) ^ count)
}

//! The file that says which message has which UID, in the form that Dovecot gives it.
//!
//! ```text
//! 3 V1275660208 N25022 G3085f01b7f11094c501100008c4a11c1
//! 25006 :1276528487.M364837P9451.host,S=1355,W=1394
//! 25017 W2481 :1276533073.M242911P3632.host
//! ```
//!
//! First the version of the form, the UIDVALIDITY, the next UID and an id of the mailbox, then a line a
//! message: its UID, extensions, and behind a colon its file name without flags. Lines are in the order of
//! their UIDs. Dovecot appends lines without changing the header, so the next UID can be higher than it says.

use crate::{Entry, Stamp};
use std::{collections::HashMap, fmt::Write};

/// The file.
pub(crate) const UID_LIST: &str = "dovecot-uidlist";

/// Octets of the largest list that is read: about a million messages.
pub(crate) const MAX_LIST: usize = 128 << 20;

/// Which message has which UID.
#[derive(Clone, Debug, Default)]
pub(crate) struct UidList {
    pub(crate) validity: u32,
    pub(crate) next: u32,
    /// Fields of the header that are kept as they are.
    others: String,
    /// By the ids of the messages: the UID, and the extensions with a space behind each.
    messages: HashMap<String, (u32, String)>,
}

impl UidList {
    /// An empty list that no other was like: its validity is above that of the one before, if there was
    /// one.
    pub(crate) fn new(stamp: &Stamp<'_>, before: u32) -> Self {
        let seconds = u32::try_from(stamp.time.as_secs()).unwrap_or(u32::MAX);
        let guid = (stamp.time.as_nanos() << 64) ^ u128::from(stamp.random);
        Self {
            validity: seconds.max(before.saturating_add(1)).max(1),
            next: 1,
            others: format!(" G{guid:032x}"),
            messages: HashMap::new(),
        }
    }

    /// Reads a list. `Err` holds the validity of one that is damaged, 0 if not even that can be read.
    pub(crate) fn parse(octets: &[u8]) -> Result<Self, u32> {
        let text = core::str::from_utf8(octets).map_err(|_| 0u32)?;
        let (header, lines) = text.split_once('\n').ok_or(0u32)?;
        let mut list = Self::parse_header(header).ok_or(0u32)?;
        let damaged = list.validity;
        let mut last = 0;
        // A line without its end is still being written, or never was.
        let whole = lines.rfind('\n').map_or("", |end| &lines[..end]);
        for line in whole.split('\n').filter(|line| !line.is_empty()) {
            let (fields, name) = line.split_once(':').ok_or(damaged)?;
            let (uid, extensions) = fields.split_once(' ').ok_or(damaged)?;
            let uid = uid.parse().ok().filter(|uid| *uid > last).ok_or(damaged)?;
            last = uid;
            let id = name.split([',', ':']).next().unwrap_or_default();
            if list.messages.insert(id.to_owned(), (uid, extensions.to_owned())).is_some() {
                return Err(damaged);
            }
        }
        list.next = list.next.max(last.checked_add(1).ok_or(damaged)?);
        Ok(list)
    }

    fn parse_header(header: &str) -> Option<Self> {
        let mut list = Self::default();
        let mut fields = header.split(' ');
        if fields.next()? != "3" {
            return None;
        }
        for field in fields {
            match field.split_at_checked(1)? {
                ("V", value) => list.validity = value.parse().ok()?,
                ("N", value) => list.next = value.parse().ok()?,
                _ => {
                    list.others.push(' ');
                    list.others.push_str(field);
                }
            }
        }
        (list.validity > 0 && list.next > 0).then_some(list)
    }

    /// The UID of a message, if it has one.
    pub(crate) fn uid(&self, entry: &Entry) -> Option<u32> {
        self.messages.get(entry.id()).map(|(uid, _)| *uid)
    }

    /// Gives a UID to each of these that has none, in their order. `None` if there are no more UIDs.
    pub(crate) fn number(&mut self, entries: &[Entry]) -> Option<()> {
        for entry in entries {
            if self.uid(entry).is_none() {
                let uid = self.next;
                self.next = uid.checked_add(1)?;
                self.messages.insert(entry.id().to_owned(), (uid, String::new()));
            }
        }
        Some(())
    }

    /// The list of these messages, as it is stored; what is not among them is gone.
    pub(crate) fn write(&self, entries: &[Entry]) -> String {
        let Self { validity, next, others, .. } = self;
        let mut text = format!("3 V{validity} N{next}{others}\n");
        let mut lines: Vec<_> = entries
            .iter()
            .filter_map(|entry| Some((self.messages.get(entry.id())?, entry.base())))
            .collect();
        lines.sort_unstable();
        for ((uid, extensions), name) in lines {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{uid} {extensions}:{name}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Place;
    use std::time::Duration;

    const LIST: &str = "3 V77 N5 Gabc Xy\n2 W10 S9 :b.host,S=9\n9 :a.host\n";

    fn entry(name: &str) -> Entry {
        Entry::new(Place::Cur, name.to_owned())
    }

    #[test]
    fn what_dovecot_wrote_is_read_and_kept() {
        let mut list = UidList::parse(LIST.as_bytes()).expect("sound");
        assert_eq!((list.validity, list.next), (77, 10), "behind the lines that were appended");
        let entries = [entry("a.host,S=1:2,S"), entry("b.host,S=9:2,"), entry("c.host")];
        assert_eq!(entries.each_ref().map(|entry| list.uid(entry)), [Some(9), Some(2), None]);
        list.number(&entries).expect("room");
        assert_eq!(
            list.write(&entries),
            "3 V77 N11 Gabc Xy\n2 W10 S9 :b.host,S=9\n9 :a.host,S=1\n10 :c.host\n"
        );
        assert_eq!(list.write(&entries[2..]), "3 V77 N11 Gabc Xy\n10 :c.host\n");
    }

    #[test]
    fn what_is_damaged() {
        for (text, validity) in [
            ("", 0),
            ("3 V77 N5", 0),
            ("1 77 5\n", 0),
            ("3 V0 N5\n", 0),
            ("3 V77\n", 0),
            ("3 Vx N5\n", 0),
            ("3 V77 N5\n2 b\n3 :c\n", 77),
            ("3 V77 N5\nx :b\n", 77),
            ("3 V77 N5\n2 :b\n2 :c\n", 77),
            ("3 V77 N5\n3 :b\n2 :c\n", 77),
            ("3 V77 N5\n2 :b\n3 :b,S=1\n", 77),
            ("3 V77 N5\n4294967295 :b\n", 77),
        ] {
            assert_eq!(UidList::parse(text.as_bytes()).err(), Some(validity), "{text:?}");
        }
        // Half a line at the end is still being written.
        assert_eq!(UidList::parse(b"3 V77 N5\n2 :b\n30 :c").map(|list| list.next), Ok(5));
    }

    #[test]
    fn a_new_list_is_unlike_the_one_before() {
        let stamp = |seconds| Stamp {
            time: Duration::from_secs(seconds),
            process: 1,
            count: 1,
            random: 7,
            host: "mda.b.com",
        };
        assert_eq!(UidList::new(&stamp(100), 0).validity, 100);
        assert_eq!(UidList::new(&stamp(100), 100).validity, 101);
        assert_eq!(UidList::new(&stamp(1 << 40), 0).validity, u32::MAX);
        assert_eq!(UidList::new(&stamp(0), 0).validity, 1);
        let list = UidList::new(&stamp(100), 0);
        let text = list.write(&[]);
        assert_eq!(UidList::parse(text.as_bytes()).map(|list| list.validity), Ok(100), "{text}");
    }
}

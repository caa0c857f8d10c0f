//! What SEARCH means.

use crate::codec::{Date, Flag, Items, Range, SearchKey, Sequence, Text};
use alloc::{boxed::Box, string::String, vec::Vec};

/// A message, as a [`Search`] asks about it. The cheapest questions that tell come first, and none is asked
/// that does not matter any more, so what is costly is best found out when it is asked.
pub trait Searched {
    /// Its sequence number.
    fn number(&self) -> u32;
    /// Its UID.
    fn uid(&self) -> u32;
    /// Whether it has this flag or keyword.
    fn has(&self, flag: &Flag<'_>) -> bool;
    /// The day it was received, in whatever zone.
    fn received(&mut self) -> Date;
    /// The day that its Date field tells, in its own zone; `None` if there is none.
    fn sent(&mut self) -> Option<Date>;
    /// Its octets.
    fn size(&mut self) -> u64;
    /// Whether a field of this name holds this text, in any case; any such field if the text is empty.
    fn header_holds(&mut self, name: &str, text: &str) -> bool;
    /// Whether the body holds this text, in any case.
    fn body_holds(&mut self, text: &str) -> bool;
    /// Whether the header or the body holds it.
    fn text_holds(&mut self, text: &str) -> bool;
}

/// The keys of a SEARCH, ready to be asked of many messages. RFC 3501 6.4.4
#[derive(Clone, Debug)]
pub struct Search(Node);

#[derive(Clone, Debug)]
enum Node {
    Has(Box<str>, bool),
    Number(Vec<Range>),
    Uid(Vec<Range>),
    Received(Order, Date),
    Larger(u64),
    Smaller(u64),
    Sent(Order, Date),
    Header(Box<str>, Box<str>),
    Body(Box<str>),
    Text(Box<str>),
    Not(Box<Self>),
    Or(Box<Self>, Box<Self>),
    And(Vec<Self>),
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Before,
    On,
    Since,
}

impl Order {
    fn holds(self, day: Date, of: Date) -> bool {
        match self {
            Self::Before => day < of,
            Self::On => day == of,
            Self::Since => day >= of,
        }
    }
}

impl Search {
    /// Prepares these keys for a mailbox whose last message has this number and this UID, 0 if there is
    /// none. `decode` makes text of the octets of a string, by the charset of the command.
    pub fn new(
        keys: &Items<'_, SearchKey<'_>>,
        (number, uid): (u32, u32),
        decode: impl Fn(&[u8]) -> String,
    ) -> Self {
        Self(Compiler { number, uid, decode: &decode }.all(keys))
    }

    /// Whether they are all true of this message.
    pub fn matches(&self, message: &mut impl Searched) -> bool {
        self.0.matches(message)
    }
}

struct Compiler<'d> {
    number: u32,
    uid: u32,
    decode: &'d dyn Fn(&[u8]) -> String,
}

impl Compiler<'_> {
    fn all(&self, keys: &Items<'_, SearchKey<'_>>) -> Node {
        let mut nodes: Vec<_> = keys.iter().map(|key| self.node(&key)).collect();
        // What needs no look into the message comes first; stable, so otherwise as the client wrote it.
        nodes.sort_by_key(Node::cost);
        Node::And(nodes)
    }

    fn node(&self, key: &SearchKey<'_>) -> Node {
        let has = |flag: Flag<'_>, wanted| Node::Has(flag.as_str().into(), wanted);
        let header = |name: &str, text: Text<'_>| Node::Header(name.into(), self.text(text));
        match key {
            SearchKey::All => Node::And(Vec::new()),
            SearchKey::Answered => has(Flag::Answered, true),
            SearchKey::Deleted => has(Flag::Deleted, true),
            SearchKey::Draft => has(Flag::Draft, true),
            SearchKey::Flagged => has(Flag::Flagged, true),
            SearchKey::Recent => has(Flag::Recent, true),
            SearchKey::Seen => has(Flag::Seen, true),
            SearchKey::Unanswered => has(Flag::Answered, false),
            SearchKey::Undeleted => has(Flag::Deleted, false),
            SearchKey::Undraft => has(Flag::Draft, false),
            SearchKey::Unflagged => has(Flag::Flagged, false),
            SearchKey::Unseen => has(Flag::Seen, false),
            SearchKey::Old => has(Flag::Recent, false),
            SearchKey::New => Node::And([has(Flag::Recent, true), has(Flag::Seen, false)].into()),
            SearchKey::Keyword(name) => Node::Has((*name).into(), true),
            SearchKey::Unkeyword(name) => Node::Has((*name).into(), false),
            SearchKey::Bcc(text) => header("Bcc", *text),
            SearchKey::Cc(text) => header("Cc", *text),
            SearchKey::From(text) => header("From", *text),
            SearchKey::Subject(text) => header("Subject", *text),
            SearchKey::To(text) => header("To", *text),
            SearchKey::Header(name, text) => header(&name.to_str(), *text),
            SearchKey::Body(text) => Node::Body(self.text(*text)),
            SearchKey::Text(text) => Node::Text(self.text(*text)),
            SearchKey::Before(day) => Node::Received(Order::Before, *day),
            SearchKey::On(day) => Node::Received(Order::On, *day),
            SearchKey::Since(day) => Node::Received(Order::Since, *day),
            SearchKey::SentBefore(day) => Node::Sent(Order::Before, *day),
            SearchKey::SentOn(day) => Node::Sent(Order::On, *day),
            SearchKey::SentSince(day) => Node::Sent(Order::Since, *day),
            SearchKey::Larger(octets) => Node::Larger(u64::from(*octets)),
            SearchKey::Smaller(octets) => Node::Smaller(u64::from(*octets)),
            SearchKey::Set(set) => Node::Number(ranges(set, self.number)),
            SearchKey::Uid(set) => Node::Uid(ranges(set, self.uid)),
            SearchKey::Not(keys) => Node::Not(Box::new(self.all(keys))),
            SearchKey::Or(keys) => {
                let mut keys = keys.iter().map(|key| self.node(&key));
                let none = || Node::And(Vec::new());
                let (one, other) = (keys.next(), keys.next());
                Node::Or(Box::new(one.unwrap_or_else(none)), Box::new(other.unwrap_or_else(none)))
            }
            SearchKey::And(keys) => self.all(keys),
        }
    }

    fn text(&self, text: Text<'_>) -> Box<str> {
        (self.decode)(&text.bytes()).into()
    }
}

/// Sorted and without overlaps, so that a set of any length is asked about in little time.
fn ranges(set: &Items<'_, Sequence>, last: u32) -> Vec<Range> {
    let mut all: Vec<_> = set.iter().map(|part| part.resolve(last)).collect();
    all.sort_by_key(|range| range.first);
    all.dedup_by(|next, before| {
        let joins = next.first <= before.last.saturating_add(1);
        if joins {
            before.last = before.last.max(next.last);
        }
        joins
    });
    all
}

impl Node {
    fn cost(&self) -> u8 {
        match self {
            Self::Has(..) | Self::Number(_) | Self::Uid(_) => 0,
            Self::Received(..) | Self::Larger(_) | Self::Smaller(_) => 1,
            Self::Sent(..) | Self::Header(..) => 2,
            Self::Body(_) | Self::Text(_) => 3,
            Self::Not(node) => node.cost(),
            Self::Or(one, other) => one.cost().max(other.cost()),
            Self::And(nodes) => nodes.iter().map(Self::cost).max().unwrap_or(0),
        }
    }

    fn matches(&self, message: &mut impl Searched) -> bool {
        match self {
            Self::Has(flag, wanted) => message.has(&Flag::parse(flag)) == *wanted,
            Self::Number(ranges) => holds(ranges, message.number()),
            Self::Uid(ranges) => holds(ranges, message.uid()),
            Self::Received(order, day) => order.holds(message.received(), *day),
            Self::Larger(octets) => message.size() > *octets,
            Self::Smaller(octets) => message.size() < *octets,
            Self::Sent(order, day) => message.sent().is_some_and(|sent| order.holds(sent, *day)),
            Self::Header(name, text) => message.header_holds(name, text),
            Self::Body(text) => message.body_holds(text),
            Self::Text(text) => message.text_holds(text),
            Self::Not(node) => !node.matches(message),
            Self::Or(one, other) => one.matches(message) || other.matches(message),
            Self::And(nodes) => nodes.iter().all(|node| node.matches(message)),
        }
    }
}

fn holds(ranges: &[Range], number: u32) -> bool {
    let at = ranges.partition_point(|range| range.last < number);
    ranges.get(at).is_some_and(|range| range.contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::ToString, vec};

    /// A message that counts how often it is looked into.
    struct Message {
        flags: &'static [&'static str],
        looks: usize,
    }

    const DAY: Date = Date { year: 2026, month: 2, day: 10 };

    impl Searched for Message {
        fn number(&self) -> u32 {
            3
        }
        fn uid(&self) -> u32 {
            70
        }
        fn has(&self, flag: &Flag<'_>) -> bool {
            self.flags.iter().any(|known| Flag::parse(known) == *flag)
        }
        fn received(&mut self) -> Date {
            DAY
        }
        fn sent(&mut self) -> Option<Date> {
            self.looks += 1;
            Some(Date { day: 9, ..DAY })
        }
        fn size(&mut self) -> u64 {
            1000
        }
        fn header_holds(&mut self, name: &str, text: &str) -> bool {
            self.looks += 1;
            name.eq_ignore_ascii_case("subject") && "tea at four".contains(text)
        }
        fn body_holds(&mut self, text: &str) -> bool {
            self.looks += 1;
            "come".contains(text)
        }
        fn text_holds(&mut self, text: &str) -> bool {
            self.header_holds("Subject", text) || self.body_holds(text)
        }
    }

    fn search(keys: &str) -> (bool, usize) {
        let mut message = Message { flags: &["\\Seen", "\\Recent", "$a"], looks: 0 };
        let keys =
            SearchKey::parse(keys.as_bytes()).unwrap_or_else(|error| panic!("{keys}: {error}"));
        let decode = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let found = Search::new(&keys, (5, 90), decode).matches(&mut message);
        (found, message.looks)
    }

    #[test]
    fn every_key_means_what_it_says() {
        #[rustfmt::skip]
        let table = [
            ("ALL", true), ("SEEN", true), ("UNSEEN", false), ("RECENT", true), ("OLD", false), ("NEW", false),
            ("ANSWERED", false), ("UNANSWERED", true), ("DELETED", false), ("UNDELETED", true), ("DRAFT", false),
            ("UNDRAFT", true), ("FLAGGED", false), ("UNFLAGGED", true), ("KEYWORD $A", true), ("UNKEYWORD $a", false),
            ("SUBJECT four", true), ("FROM four", false), ("TO x", false), ("CC x", false), ("BCC x", false),
            ("HEADER Subject \"\"", true), ("HEADER X y", false), ("BODY come", true), ("TEXT tea", true), ("TEXT z", false),
            ("BEFORE 10-Feb-2026", false), ("BEFORE 11-Feb-2026", true), ("ON 10-Feb-2026", true), ("ON 9-Feb-2026", false),
            ("SINCE 10-Feb-2026", true), ("SINCE 1-Jan-2027", false), ("SENTBEFORE 10-Feb-2026", true),
            ("SENTON 9-Feb-2026", true), ("SENTSINCE 10-Feb-2026", false), ("LARGER 999", true), ("LARGER 1000", false),
            ("SMALLER 1001", true), ("SMALLER 1000", false), ("3", true), ("1:2", false), ("4:*", false), ("*:2", true),
            ("1,2,5", false), ("9:1", true), ("UID 70", true), ("UID 71:*", false), ("UID *", false), ("UID 1:69,71", false),
            ("NOT SEEN", false), ("NOT NOT SEEN", true), ("OR UNSEEN SEEN", true), ("OR UNSEEN FLAGGED", false),
            ("SEEN UNSEEN", false), ("(SEEN RECENT) NOT (SEEN FLAGGED)", true),
        ];
        for (keys, found) in table {
            assert_eq!(search(keys).0, found, "{keys}");
            assert_eq!(search(&format!("NOT ({keys})")).0, !found, "{keys}");
        }
    }

    #[test]
    fn messages_are_not_looked_into_where_their_flags_tell() {
        assert_eq!(search("BODY x SUBJECT x UNSEEN"), (false, 0));
        assert_eq!(search("OR BODY x SEEN SMALLER 5"), (false, 0));
        assert_eq!(search("BODY x SUBJECT x"), (false, 1));
        let many: Vec<_> = (1..5000).map(|n| (n * 2).to_string()).collect();
        assert_eq!(search(&format!("TEXT x {}", many.join(","))), (false, 0));
        assert_eq!(
            ranges(&Items::new(&[Sequence { first: None, last: Some(2) }]), 0),
            vec![Range { first: 0, last: 2 }]
        );
    }
}

//! What SEARCH looks for.

use super::{Cursor, Date, Items, ParseError, Quirks, Sequence, Text, items::Wire};
use crate::Misuse;
use alloc::vec::Vec;

/// Something that SEARCH looks for. RFC 3501 6.4.4
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchKey<'a> {
    /// Any message.
    All,
    /// Those with `\Answered`.
    Answered,
    /// Those with `\Deleted`.
    Deleted,
    /// Those with `\Draft`.
    Draft,
    /// Those with `\Flagged`.
    Flagged,
    /// Those with `\Recent` and without `\Seen`.
    New,
    /// Those without `\Recent`.
    Old,
    /// Those with `\Recent`.
    Recent,
    /// Those with `\Seen`.
    Seen,
    /// Those without `\Answered`.
    Unanswered,
    /// Those without `\Deleted`.
    Undeleted,
    /// Those without `\Draft`.
    Undraft,
    /// Those without `\Flagged`.
    Unflagged,
    /// Those without `\Seen`.
    Unseen,
    /// Those with this keyword.
    Keyword(&'a str),
    /// Those without it.
    Unkeyword(&'a str),
    /// The Bcc field holds this.
    Bcc(Text<'a>),
    /// The body holds this.
    Body(Text<'a>),
    /// The Cc field holds this.
    Cc(Text<'a>),
    /// The From field holds this.
    From(Text<'a>),
    /// The Subject field holds this.
    Subject(Text<'a>),
    /// The header or the body holds this.
    Text(Text<'a>),
    /// The To field holds this.
    To(Text<'a>),
    /// A field of this name holds this; with nothing to hold, that it is there is enough.
    Header(Text<'a>, Text<'a>),
    /// Received before this day.
    Before(Date),
    /// Received on this day.
    On(Date),
    /// Received on this day or later.
    Since(Date),
    /// The Date field tells of a day before this one.
    SentBefore(Date),
    /// The Date field tells of this day.
    SentOn(Date),
    /// The Date field tells of this day or a later one.
    SentSince(Date),
    /// More octets than this.
    Larger(u32),
    /// Fewer octets than this.
    Smaller(u32),
    /// Messages by sequence number.
    Set(Items<'a, Sequence>),
    /// Messages by UID.
    Uid(Items<'a, Sequence>),
    /// Not what the only element says.
    Not(Items<'a, Self>),
    /// What the first or the second of two elements says, or both.
    Or(Items<'a, Self>),
    /// What all of these say.
    And(Items<'a, Self>),
}

const PLAIN: [(&[u8], SearchKey<'static>); 14] = [
    (b"ALL", SearchKey::All),
    (b"ANSWERED", SearchKey::Answered),
    (b"DELETED", SearchKey::Deleted),
    (b"DRAFT", SearchKey::Draft),
    (b"FLAGGED", SearchKey::Flagged),
    (b"NEW", SearchKey::New),
    (b"OLD", SearchKey::Old),
    (b"RECENT", SearchKey::Recent),
    (b"SEEN", SearchKey::Seen),
    (b"UNANSWERED", SearchKey::Unanswered),
    (b"UNDELETED", SearchKey::Undeleted),
    (b"UNDRAFT", SearchKey::Undraft),
    (b"UNFLAGGED", SearchKey::Unflagged),
    (b"UNSEEN", SearchKey::Unseen),
];

/// ```abnf
/// search-key = "ALL" / "ANSWERED" / … / "NOT" SP search-key / "OR" SP search-key SP search-key /
///              sequence-set / "(" search-key *(SP search-key) ")"
/// ```
impl<'a> Wire<'a> for SearchKey<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        match cursor.peek() {
            Some(b'(') => {
                let start = *cursor;
                let keys = Items::read_list(cursor)?;
                return if keys.is_empty() {
                    start.fault("a search key")
                } else {
                    Ok(Self::And(keys))
                };
            }
            Some(b'0'..=b'9' | b'*') => return Items::read_set(cursor).map(Self::Set),
            _ => {}
        }
        let start = *cursor;
        let name = cursor.word()?;
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if let Some((_, key)) = PLAIN.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)) {
            return Ok(*key);
        }
        let text = |cursor: &mut Cursor<'a>, key: fn(Text<'a>) -> Self| {
            cursor.space()?;
            cursor.astring().map(key)
        };
        let date = |cursor: &mut Cursor<'a>, key: fn(Date) -> Self| {
            cursor.space()?;
            Date::read(cursor).map(key)
        };
        match name {
            _ if is("KEYWORD") || is("UNKEYWORD") => {
                cursor.space()?;
                let keyword = cursor.name()?;
                Ok(if is("KEYWORD") { Self::Keyword(keyword) } else { Self::Unkeyword(keyword) })
            }
            _ if is("BCC") => text(cursor, Self::Bcc),
            _ if is("BODY") => text(cursor, Self::Body),
            _ if is("CC") => text(cursor, Self::Cc),
            _ if is("FROM") => text(cursor, Self::From),
            _ if is("SUBJECT") => text(cursor, Self::Subject),
            _ if is("TEXT") => text(cursor, Self::Text),
            _ if is("TO") => text(cursor, Self::To),
            _ if is("HEADER") => {
                cursor.space()?;
                let name = cursor.astring()?;
                cursor.space()?;
                Ok(Self::Header(name, cursor.astring()?))
            }
            _ if is("BEFORE") => date(cursor, Self::Before),
            _ if is("ON") => date(cursor, Self::On),
            _ if is("SINCE") => date(cursor, Self::Since),
            _ if is("SENTBEFORE") => date(cursor, Self::SentBefore),
            _ if is("SENTON") => date(cursor, Self::SentOn),
            _ if is("SENTSINCE") => date(cursor, Self::SentSince),
            _ if is("LARGER") || is("SMALLER") => {
                cursor.space()?;
                let octets = cursor.number()?;
                Ok(if is("LARGER") { Self::Larger(octets) } else { Self::Smaller(octets) })
            }
            _ if is("UID") => {
                cursor.space()?;
                Items::read_set(cursor).map(Self::Uid)
            }
            _ if is("NOT") => Self::read_keys(cursor, 1).map(Self::Not),
            _ if is("OR") => Self::read_keys(cursor, 2).map(Self::Or),
            _ => start.fault("a search key"),
        }
    }

    /// Not written by who reads.
    fn write(&self, _: &mut Vec<u8>) -> Result<(), Misuse> {
        Err(Misuse::Argument("search keys are given in the protocol's own words"))
    }
}

impl<'a> SearchKey<'a> {
    /// So many keys, each behind a space.
    fn read_keys(cursor: &mut Cursor<'a>, count: usize) -> Result<Items<'a, Self>, ParseError> {
        cursor.nested(|cursor| {
            let before = *cursor;
            for _ in 0..count {
                cursor.space()?;
                Self::read(cursor)?;
            }
            Ok(Items::from_wire(cursor.since(&before)))
        })
    }

    /// Reads keys as they stand behind SEARCH, and its charset.
    ///
    /// # Errors
    /// They are none.
    pub fn parse(keys: &'a [u8]) -> Result<Items<'a, Self>, ParseError> {
        let mut cursor = Cursor::new(keys, Quirks::default());
        Self::read_all(&mut cursor)
    }

    /// `search-key *(SP search-key)`, up to the end.
    pub(crate) fn read_all(cursor: &mut Cursor<'a>) -> Result<Items<'a, Self>, ParseError> {
        let start = *cursor;
        let keys = Items::read_to_end(cursor)?;
        if keys.is_empty() { start.fault("a search key") } else { Ok(keys) }
    }
}

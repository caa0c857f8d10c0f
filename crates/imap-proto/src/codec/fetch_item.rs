//! What FETCH asks for.

use super::{Cursor, Items, ParseError, Section, items::Wire, put_number};
use crate::Misuse;
use alloc::vec::Vec;

/// Something that FETCH asks for. RFC 3501 6.4.5
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchItem<'a> {
    /// FLAGS
    Flags,
    /// UID
    Uid,
    /// INTERNALDATE
    InternalDate,
    /// RFC822.SIZE
    Size,
    /// ENVELOPE
    Envelope,
    /// BODY
    Body,
    /// BODYSTRUCTURE
    BodyStructure,
    /// MODSEQ. RFC 7162
    ModSeq,
    /// RFC822: as `BODY[]`, by another name.
    Rfc822,
    /// RFC822.HEADER: as `BODY.PEEK[HEADER]`, by another name.
    Rfc822Header,
    /// RFC822.TEXT: as `BODY[TEXT]`, by another name.
    Rfc822Text,
    /// BODY[…], or BODY.PEEK[…].
    Section {
        /// Which part.
        section: Section<'a>,
        /// Without setting `\Seen`.
        peek: bool,
        /// From which octet on, and how many at most.
        partial: Option<(u32, u32)>,
    },
}

impl<'a> FetchItem<'a> {
    /// The whole message, without setting `\Seen`.
    pub fn message() -> Self {
        Self::Section { section: Section::default(), peek: true, partial: None }
    }
}

const PLAIN: [(&str, FetchItem<'static>); 11] = [
    ("FLAGS", FetchItem::Flags),
    ("UID", FetchItem::Uid),
    ("INTERNALDATE", FetchItem::InternalDate),
    ("RFC822.SIZE", FetchItem::Size),
    ("ENVELOPE", FetchItem::Envelope),
    ("BODY", FetchItem::Body),
    ("BODYSTRUCTURE", FetchItem::BodyStructure),
    ("MODSEQ", FetchItem::ModSeq),
    ("RFC822", FetchItem::Rfc822),
    ("RFC822.HEADER", FetchItem::Rfc822Header),
    ("RFC822.TEXT", FetchItem::Rfc822Text),
];

const FULL: [FetchItem<'static>; 5] = [
    FetchItem::Flags,
    FetchItem::InternalDate,
    FetchItem::Size,
    FetchItem::Envelope,
    FetchItem::Body,
];

impl<'a> FetchItem<'a> {
    /// ```abnf
    /// … SP ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")")
    /// ```
    pub(crate) fn read_all(cursor: &mut Cursor<'a>) -> Result<Items<'a, Self>, ParseError> {
        let start = *cursor;
        // RFC 3501 6.4.5: each is the beginning of the next.
        for (name, items) in [("FAST", &FULL[..3]), ("ALL", &FULL[..4]), ("FULL", &FULL[..])] {
            if cursor.try_word(name.as_bytes()) {
                return Ok(Items::new(items));
            }
        }
        let items = if cursor.peek() == Some(b'(') {
            Items::read_list(cursor)?
        } else {
            Self::read(cursor)?;
            Items::from_wire(cursor.since(&start))
        };
        if items.is_empty() { start.fault("an item of a message") } else { Ok(items) }
    }
}

/// `"<" number "." nz-number ">"`
fn read_partial(cursor: &mut Cursor<'_>) -> Result<(u32, u32), ParseError> {
    cursor.byte(b'<', "the octets of a part")?;
    let from = cursor.number()?;
    cursor.byte(b'.', "a dot")?;
    let octets = cursor.nz_number()?;
    cursor.byte(b'>', "the end of the octets")?;
    Ok((from, octets))
}

impl<'a> Wire<'a> for FetchItem<'a> {
    /// ```abnf
    /// fetch-att = "ENVELOPE" / "FLAGS" / "INTERNALDATE" / "RFC822" [".HEADER" / ".SIZE" / ".TEXT"] /
    ///             "BODY" ["STRUCTURE"] / "UID" /
    ///             "BODY" section ["<" number "." nz-number ">"] /
    ///             "BODY.PEEK" section ["<" number "." nz-number ">"]
    /// ```
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let start = *cursor;
        let name = cursor.item_name()?;
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let peek = is("BODY.PEEK");
        if cursor.peek() == Some(b'[') {
            if !peek && !is("BODY") {
                return start.fault("an item of a message");
            }
            let section = Section::parse_at(cursor)?;
            let partial =
                if cursor.peek() == Some(b'<') { Some(read_partial(cursor)?) } else { None };
            return Ok(Self::Section { section, peek, partial });
        }
        match PLAIN.iter().find(|(known, _)| is(known)) {
            Some((_, item)) => Ok(*item),
            None => start.fault("an item of a message"),
        }
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        let (section, peek, partial) = match self {
            Self::Section { section, peek, partial } => (section, peek, partial),
            other => {
                let name =
                    PLAIN.iter().find(|(_, item)| item == other).map_or("", |(name, _)| name);
                wire.extend_from_slice(name.as_bytes());
                return Ok(());
            }
        };
        wire.extend_from_slice(if *peek { b"BODY.PEEK[" } else { b"BODY[" });
        section.write(wire)?;
        wire.push(b']');
        if let Some((from, octets)) = partial {
            if *octets == 0 {
                return Err(Misuse::Argument("no octet is asked for"));
            }
            wire.push(b'<');
            put_number(wire, u64::from(*from));
            wire.push(b'.');
            put_number(wire, u64::from(*octets));
            wire.push(b'>');
        }
        Ok(())
    }
}

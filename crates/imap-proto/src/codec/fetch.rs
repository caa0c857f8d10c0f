//! FETCH responses.

use super::{
    BodyStructure, Cursor, DateTime, Envelope, Flag, Items, ParseError, Quirks, Section, Text,
    items::Wire, put_name, put_number, text::write_nstring,
};
use crate::Misuse;
use alloc::vec::Vec;

/// What is told of a message. RFC 3501 7.4.2
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Fetch<'a> {
    /// The message's sequence number.
    pub number: u32,
    /// What is told.
    pub data: Items<'a, FetchData<'a>>,
}

/// Something that is told of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchData<'a> {
    /// FLAGS
    Flags(Items<'a, Flag<'a>>),
    /// UID
    Uid(u32),
    /// INTERNALDATE
    InternalDate(DateTime),
    /// RFC822.SIZE, in octets
    Size(u64),
    /// ENVELOPE
    Envelope(Envelope<'a>),
    /// BODY
    Body(BodyStructure<'a>),
    /// BODYSTRUCTURE
    BodyStructure(BodyStructure<'a>),
    /// BODY[…], BINARY[…] and RFC822, RFC822.HEADER, RFC822.TEXT: which, and the text if there is any.
    /// One that is too large to stand in a line comes as a literal of the client's.
    Text(Place<'a>, Option<Text<'a>>),
    /// BINARY.SIZE: which part, and its octets when decoded. RFC 3516
    BinarySize(Section<'a>, u64),
    /// MODSEQ. RFC 7162
    ModSeq(u64),
    /// Anything else: its name with its brackets, and its value, as they came.
    Other {
        /// Its name.
        name: &'a [u8],
        /// Its value.
        value: &'a [u8],
    },
}

/// Where in a message some text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place<'a> {
    /// BODY[…]
    Body {
        /// Which part.
        section: Section<'a>,
        /// From which octet on, if it is not all of it.
        origin: Option<u32>,
    },
    /// BINARY[…], decoded. RFC 3516
    Binary {
        /// Which part.
        section: Section<'a>,
        /// From which octet on, if it is not all of it.
        origin: Option<u32>,
    },
    /// RFC822: the whole message.
    Rfc822,
    /// RFC822.HEADER
    Rfc822Header,
    /// RFC822.TEXT
    Rfc822Text,
    /// Something that is not known, by its name.
    Other(&'a [u8]),
}

impl<'a> Fetch<'a> {
    /// Reads what stands behind the opening parenthesis.
    ///
    /// ```abnf
    /// msg-att = "(" (msg-att-dynamic / msg-att-static) *(SP (msg-att-dynamic / msg-att-static)) ")"
    /// ```
    ///
    /// A part that follows a cut begins with the space between two items, or is only the end.
    pub(crate) fn read_items(
        cursor: &mut Cursor<'a>,
        continued: bool,
    ) -> Result<Items<'a, FetchData<'a>>, ParseError> {
        if continued {
            cursor.try_byte(b' ');
        }
        cursor.no_space()?;
        let before = *cursor;
        while cursor.peek() != Some(b')') {
            FetchData::read(cursor)?;
            if cursor.peek() != Some(b')') {
                cursor.byte(b' ', "a space or the end of the list")?;
                if matches!(cursor.peek(), Some(b' ' | b')')) {
                    cursor.overlook(super::Quirk::Spaces)?;
                    while cursor.try_byte(b' ') {}
                }
            }
        }
        let items = cursor.since(&before);
        cursor.bump(1);
        Ok(Items::from_wire(items))
    }

    /// How long the longest front of unfinished text is that consists of whole items.
    pub(crate) fn whole_items(text: &'a [u8], quirks: Quirks) -> usize {
        let mut cursor = Cursor::new(text, quirks);
        let mut whole = cursor;
        loop {
            while cursor.try_byte(b' ') {}
            // What ends with the text may go on behind it.
            if FetchData::read(&mut cursor).is_err() || !matches!(cursor.peek(), Some(b' ' | b')'))
            {
                return whole.offset();
            }
            whole = cursor;
        }
    }

    /// The first of its data that is a UID.
    pub fn uid(&self) -> Option<u32> {
        self.data.iter().find_map(|data| match data {
            FetchData::Uid(uid) => Some(uid),
            _ => None,
        })
    }

    /// The first of its data that are flags.
    pub fn flags(&self) -> Option<Items<'a, Flag<'a>>> {
        self.data.iter().find_map(|data| match data {
            FetchData::Flags(flags) => Some(flags),
            _ => None,
        })
    }

    /// The first of its data that is text of the message, if it is there and came with the response.
    pub fn text(&self) -> Option<Text<'a>> {
        self.data.iter().find_map(|data| match data {
            FetchData::Text(_, text) => text,
            _ => None,
        })
    }

    /// The first of its data that is a size.
    pub fn size(&self) -> Option<u64> {
        self.data.iter().find_map(|data| match data {
            FetchData::Size(size) => Some(size),
            _ => None,
        })
    }
}

impl<'a> Place<'a> {
    /// Reads the name of something whose value is a string, with its brackets.
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let before = *cursor;
        let name = cursor.item_name()?;
        let is = |text: &str| name.eq_ignore_ascii_case(text.as_bytes());
        if cursor.peek() != Some(b'[') {
            return Ok(match name {
                _ if is("RFC822") => Self::Rfc822,
                _ if is("RFC822.HEADER") => Self::Rfc822Header,
                _ if is("RFC822.TEXT") => Self::Rfc822Text,
                _ => Self::Other(name),
            });
        }
        let inner = cursor.section()?;
        let mut origin = None;
        if cursor.try_byte(b'<') {
            origin = Some(cursor.number()?);
            cursor.byte(b'>', "the end of the origin")?;
        }
        Ok(match Section::parse(inner) {
            Ok(section) if is("BODY") => Self::Body { section, origin },
            Ok(section) if is("BINARY") => Self::Binary { section, origin },
            _ => Self::Other(cursor.since(&before)),
        })
    }

    pub(crate) fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        let (name, section, origin) = match self {
            Self::Body { section, origin } => ("BODY", section, origin),
            Self::Binary { section, origin } => ("BINARY", section, origin),
            Self::Rfc822 => return put_name("RFC822", wire),
            Self::Rfc822Header => return put_name("RFC822.HEADER", wire),
            Self::Rfc822Text => return put_name("RFC822.TEXT", wire),
            Self::Other(name) => return super::put_value(name, wire),
        };
        wire.extend_from_slice(name.as_bytes());
        wire.push(b'[');
        section.write(wire)?;
        wire.push(b']');
        if let Some(origin) = origin {
            wire.push(b'<');
            put_number(wire, u64::from(*origin));
            wire.push(b'>');
        }
        Ok(())
    }
}

impl<'a> Wire<'a> for FetchData<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let before = *cursor;
        let place = Place::read(cursor)?;
        let name = cursor.since(&before);
        cursor.space()?;
        let is = |text: &str| name.eq_ignore_ascii_case(text.as_bytes());
        let value = *cursor;
        let other = |cursor: &mut Cursor<'a>| {
            *cursor = value;
            Ok(Self::Other { name, value: cursor.value()? })
        };
        Ok(match place {
            Place::Other(_) => match name {
                _ if is("FLAGS") => Self::Flags(Items::read_list(cursor)?),
                _ if is("UID") => Self::Uid(cursor.nz_number()?),
                _ if is("INTERNALDATE") => match DateTime::parse(&cursor.string()?.bytes()) {
                    Ok(date) => Self::InternalDate(date),
                    Err(_) => return other(cursor),
                },
                _ if is("RFC822.SIZE") => Self::Size(cursor.count()?),
                _ if is("ENVELOPE") => Self::Envelope(Envelope::read(cursor)?),
                _ if is("BODY") => Self::Body(BodyStructure::read(cursor)?),
                _ if is("BODYSTRUCTURE") => Self::BodyStructure(BodyStructure::read(cursor)?),
                _ if is("MODSEQ") => {
                    cursor.byte(b'(', "a modification sequence")?;
                    let mod_seq = cursor.number64()?;
                    cursor.byte(b')', "the end of the modification sequence")?;
                    Self::ModSeq(mod_seq)
                }
                _ => match name.split_at_checked(12) {
                    Some((front, [section @ .., b']']))
                        if front.eq_ignore_ascii_case(b"BINARY.SIZE[") =>
                    {
                        match (Section::parse(section), cursor.number64()) {
                            (Ok(section), Ok(octets)) => Self::BinarySize(section, octets),
                            _ => return other(cursor),
                        }
                    }
                    _ => return other(cursor),
                },
            },
            place => Self::Text(place, cursor.nstring()?),
        })
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        let mut put = |name: &str| wire.extend_from_slice(name.as_bytes());
        match self {
            Self::Flags(flags) => {
                put("FLAGS ");
                flags.write_list(wire)
            }
            Self::Uid(uid) => {
                put("UID ");
                put_number(wire, u64::from(*uid));
                Ok(())
            }
            Self::InternalDate(date) => {
                put("INTERNALDATE ");
                date.write(wire)
            }
            Self::Size(octets) => {
                put("RFC822.SIZE ");
                put_number(wire, *octets);
                Ok(())
            }
            Self::Envelope(envelope) => {
                put("ENVELOPE ");
                envelope.write(wire)
            }
            Self::Body(body) => {
                put("BODY ");
                body.write_basic(wire)
            }
            Self::BodyStructure(body) => {
                put("BODYSTRUCTURE ");
                body.write(wire)
            }
            Self::Text(place, text) => {
                place.write(wire)?;
                wire.push(b' ');
                write_nstring(*text, wire)
            }
            Self::BinarySize(section, octets) => {
                put("BINARY.SIZE[");
                section.write(wire)?;
                wire.extend_from_slice(b"] ");
                put_number(wire, *octets);
                Ok(())
            }
            Self::ModSeq(n) => {
                put("MODSEQ (");
                put_number(wire, *n);
                wire.push(b')');
                Ok(())
            }
            Self::Other { name, value } => {
                super::put_value(name, wire)?;
                wire.push(b' ');
                super::put_value(value, wire)
            }
        }
    }
}

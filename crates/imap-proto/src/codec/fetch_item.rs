//! What FETCH asks for.

use super::{Section, items::Wire, put_number};
use crate::{Misuse, codec::Cursor, codec::ParseError};
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

impl<'a> Wire<'a> for FetchItem<'a> {
    /// Not read by who asks.
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        cursor.fault("an item that is asked for")
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        let (section, peek, partial) = match self {
            Self::Section { section, peek, partial } => (section, peek, partial),
            other => {
                wire.extend_from_slice(match other {
                    Self::Flags => b"FLAGS",
                    Self::Uid => b"UID",
                    Self::InternalDate => b"INTERNALDATE",
                    Self::Size => b"RFC822.SIZE",
                    Self::Envelope => b"ENVELOPE",
                    Self::Body => b"BODY",
                    Self::BodyStructure => b"BODYSTRUCTURE",
                    _ => b"MODSEQ",
                });
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

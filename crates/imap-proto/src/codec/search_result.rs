//! SEARCH and ESEARCH responses.

use super::{Cursor, Items, ParseError, Range, Text, items::Wire, put_name, put_number};
use crate::Misuse;
use alloc::vec::Vec;

/// The answer to SEARCH. RFC 3501 7.2.5
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Search<'a> {
    /// The messages: sequence numbers, or UIDs after UID SEARCH.
    pub found: Items<'a, u32>,
    /// The highest modification sequence of them. RFC 7162
    pub mod_seq: Option<u64>,
}

impl<'a> Search<'a> {
    /// ```abnf
    /// obsolete-search-response = "SEARCH" *(SP nz-number)
    /// search-sort-mod-seq      = "(" "MODSEQ" SP mod-sequence-value ")"
    /// ```
    ///
    /// Reads what stands behind `SEARCH`, or behind a cut.
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        cursor.try_byte(b' ');
        let before = *cursor;
        let mut end = cursor.rest();
        let mut mod_seq = None;
        while !cursor.is_empty() {
            cursor.no_space()?;
            if cursor.peek() == Some(b'(') {
                end = cursor.since(&before);
                cursor.bump(1);
                if !cursor.try_word(b"MODSEQ") {
                    return cursor.fault("MODSEQ");
                }
                cursor.space()?;
                mod_seq = Some(cursor.number64()?);
                cursor.byte(b')', "the end of the modification sequence")?;
                cursor.end()?;
                break;
            }
            if cursor.is_empty() {
                break;
            }
            cursor.nz_number()?;
            if !cursor.is_empty() {
                cursor.byte(b' ', "a space")?;
                if cursor.is_empty() {
                    cursor.overlook(super::Quirk::Spaces)?;
                }
            }
        }
        Ok(Self { found: Items::from_wire(end), mod_seq })
    }

    pub(crate) fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        if !self.found.is_empty() {
            wire.push(b' ');
            self.found.write_bare(wire)?;
        }
        if let Some(mod_seq) = self.mod_seq {
            wire.extend_from_slice(b" (MODSEQ ");
            put_number(wire, mod_seq);
            wire.push(b')');
        }
        Ok(())
    }
}

/// The extended answer to SEARCH. RFC 9051 7.3.4, RFC 4731
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Esearch<'a> {
    /// The tag of the command.
    pub tag: Option<Text<'a>>,
    /// Whether the numbers are UIDs.
    pub uid: bool,
    /// What was found.
    pub data: Items<'a, SearchData<'a>>,
}

/// Something that a search found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchData<'a> {
    /// The lowest number.
    Min(u32),
    /// The highest number.
    Max(u32),
    /// All of them.
    All(Items<'a, Range>),
    /// How many.
    Count(u32),
    /// The highest modification sequence of them. RFC 7162
    ModSeq(u64),
    /// Anything else: its name, and its value as it came.
    Other {
        /// Its name.
        name: &'a str,
        /// Its value.
        value: &'a [u8],
    },
}

impl<'a> Esearch<'a> {
    /// ```abnf
    /// esearch-response  = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)
    /// search-correlator = SP "(" "TAG" SP tag-string ")"
    /// ```
    ///
    /// Reads what stands behind `ESEARCH`.
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let mut esearch = Self::read_head(cursor)?;
        if !cursor.is_empty() {
            cursor.space()?;
        }
        esearch.data = Items::read_to_end(cursor)?;
        Ok(esearch)
    }

    /// The front of it, up to the first of the data.
    pub(crate) fn read_head(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let mut esearch = Self::default();
        let mut ahead = *cursor;
        if ahead.space().is_ok() && ahead.try_byte(b'(') {
            *cursor = ahead;
            if !cursor.try_word(b"TAG") {
                return cursor.fault("TAG");
            }
            cursor.space()?;
            esearch.tag = Some(cursor.astring()?);
            cursor.byte(b')', "the end of the tag")?;
        }
        let mut ahead = *cursor;
        if ahead.space().is_ok() && ahead.try_word(b"UID") {
            *cursor = ahead;
            esearch.uid = true;
        }
        Ok(esearch)
    }

    pub(crate) fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        if let Some(tag) = self.tag {
            wire.extend_from_slice(b" (TAG ");
            tag.write(wire)?;
            wire.push(b')');
        }
        if self.uid {
            wire.extend_from_slice(b" UID");
        }
        if !self.data.is_empty() {
            wire.push(b' ');
            self.data.write_bare(wire)?;
        }
        Ok(())
    }
}

/// ```abnf
/// search-return-data = "MIN" SP nz-number / "MAX" SP nz-number / "ALL" SP sequence-set /
///                      "COUNT" SP number / search-ret-data-ext
/// ```
impl<'a> Wire<'a> for SearchData<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        // No name begins with a digit: behind a cut ALL goes on.
        if cursor.peek().is_some_and(|octet| octet.is_ascii_digit()) {
            return Items::read_set(cursor).map(Self::All);
        }
        let name = cursor.name()?;
        cursor.space()?;
        let is = |text: &str| name.eq_ignore_ascii_case(text);
        Ok(match name {
            _ if is("MIN") => Self::Min(cursor.nz_number()?),
            _ if is("MAX") => Self::Max(cursor.nz_number()?),
            _ if is("ALL") => Self::All(Items::read_set(cursor)?),
            _ if is("COUNT") => Self::Count(cursor.number()?),
            _ if is("MODSEQ") => Self::ModSeq(cursor.number64()?),
            _ => Self::Other { name, value: cursor.value()? },
        })
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        let (name, n) = match self {
            Self::Min(n) => ("MIN ", u64::from(*n)),
            Self::Max(n) => ("MAX ", u64::from(*n)),
            Self::Count(n) => ("COUNT ", u64::from(*n)),
            Self::ModSeq(n) => ("MODSEQ ", *n),
            Self::All(set) => {
                wire.extend_from_slice(b"ALL");
                return super::put_set(set, wire);
            }
            Self::Other { name, value } => {
                put_name(name, wire)?;
                wire.push(b' ');
                return super::put_value(value, wire);
            }
        };
        wire.extend_from_slice(name.as_bytes());
        put_number(wire, n);
        Ok(())
    }
}

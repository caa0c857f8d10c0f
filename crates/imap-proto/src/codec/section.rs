//! Sections: which part of a message.

use super::{Cursor, Items, ParseError, Quirks, Text};
use crate::Misuse;
use alloc::vec::Vec;

/// Which part of a message, as it stands between the brackets of `BODY[…]`. RFC 3501 6.4.5
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Section<'a> {
    /// The path to the part: `1.2` is the second part of the first one; empty for the message.
    pub part: Items<'a, Number>,
    /// What of it.
    pub what: What<'a>,
}

/// What of a part a [`Section`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum What<'a> {
    /// Its body; all of the message if there is no path.
    #[default]
    All,
    /// The header of a message.
    Header,
    /// These fields of it.
    Fields(Items<'a, Text<'a>>),
    /// All fields of it but these.
    FieldsNot(Items<'a, Text<'a>>),
    /// The text of a message, without its header.
    Text,
    /// The MIME header of a part.
    Mime,
}

/// A number in the path to a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number(pub u32);

impl<'a> super::items::Wire<'a> for Number {
    const SEPARATOR: &'static [u8] = b".";

    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        cursor.nz_number().map(Self)
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        super::put_number(wire, u64::from(self.0));
        match self.0 {
            0 => Err(Misuse::Argument("there is no part 0")),
            _ => Ok(()),
        }
    }
}

impl<'a> Section<'a> {
    /// Reads what stands between the brackets.
    ///
    /// ```abnf
    /// section-spec    = section-msgtext / (section-part ["." section-text])
    /// section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"
    /// section-part    = nz-number *("." nz-number)
    /// section-text    = section-msgtext / "MIME"
    /// ```
    ///
    /// # Errors
    /// It is no section.
    pub fn parse(text: &'a [u8]) -> Result<Self, ParseError> {
        let mut cursor = Cursor::new(text, Quirks { spaces: true, ..Quirks::default() });
        let before = cursor;
        let mut end = cursor;
        while cursor.peek().is_some_and(|octet| octet.is_ascii_digit()) {
            cursor.nz_number()?;
            end = cursor;
            if !cursor.try_byte(b'.') {
                break;
            }
        }
        let part = Items::from_wire(end.since(&before));
        if end.is_empty() {
            return Ok(Self { part, what: What::All });
        }
        let what = if cursor.try_word(b"HEADER") {
            What::Header
        } else if cursor.try_word(b"TEXT") {
            What::Text
        } else if cursor.try_word(b"MIME") && !part.is_empty() {
            What::Mime
        } else if cursor.try_word(b"HEADER.FIELDS") {
            cursor.space()?;
            What::Fields(Items::read_list(&mut cursor)?)
        } else if cursor.try_word(b"HEADER.FIELDS.NOT") {
            cursor.space()?;
            What::FieldsNot(Items::read_list(&mut cursor)?)
        } else {
            return cursor.fault("a section");
        };
        cursor.end()?;
        Ok(Self { part, what })
    }

    /// Reads it with its brackets, as a client asks for it.
    pub(crate) fn parse_at(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let start = *cursor;
        let inner = cursor.section()?;
        // Where in the line the fault is, is known for what is outside only.
        Self::parse(inner).or_else(|_| start.fault("a section"))
    }

    /// Appends it without the brackets.
    ///
    /// # Errors
    /// The path holds a 0, there is a MIME header asked for without a path, or no field is named.
    pub fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        self.part.write_bare(wire)?;
        if !self.part.is_empty() && self.what != What::All {
            wire.push(b'.');
        }
        let (name, fields) = match &self.what {
            What::All => return Ok(()),
            What::Header => ("HEADER", None),
            What::Text => ("TEXT", None),
            What::Mime if self.part.is_empty() => {
                return Err(Misuse::Argument("the message itself has no MIME header"));
            }
            What::Mime => ("MIME", None),
            What::Fields(fields) => ("HEADER.FIELDS ", Some(fields)),
            What::FieldsNot(fields) => ("HEADER.FIELDS.NOT ", Some(fields)),
        };
        wire.extend_from_slice(name.as_bytes());
        match fields {
            Some(fields) if fields.is_empty() => Err(Misuse::Argument("no field is named")),
            Some(fields) => {
                for (at, name) in fields.iter().enumerate() {
                    wire.push(if at == 0 { b'(' } else { b' ' });
                    write_name(name, wire)?;
                }
                wire.push(b')');
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// A field's name as an atom, if it can be one: not every peer knows it in quotes.
fn write_name(name: Text<'_>, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    let octets = name.bytes();
    let mut cursor = Cursor::new(&octets, Quirks::default());
    match cursor.name() {
        Ok(atom) if cursor.is_empty() => {
            wire.extend_from_slice(atom.as_bytes());
            Ok(())
        }
        _ => name.write(wire),
    }
}

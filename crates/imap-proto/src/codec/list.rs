//! LIST and LSUB.

use super::{Cursor, Items, ParseError, Quirk, Quirks, Text, items::Wire};
use crate::Misuse;
use alloc::vec::Vec;

/// A mailbox, as LIST and LSUB tell of it. RFC 3501 7.2.2
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct MailboxList<'a> {
    /// Its attributes.
    pub attributes: Items<'a, Attribute<'a>>,
    /// What separates the levels of its name, if there are levels.
    pub delimiter: Option<u8>,
    /// Its name, as it stands on the wire: in modified UTF-7, or in UTF-8 if that is enabled.
    pub mailbox: Text<'a>,
    /// Extended data as it came, without the parentheses: each a string, a space and a value. RFC 5258
    pub extended: &'a [u8],
}

macro_rules! attributes {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// An attribute of a mailbox.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Attribute<'a> {
            $($(#[$doc])* $name,)*
            /// Any other, with its backslash if it has one.
            Other(&'a str),
        }

        impl<'a> Attribute<'a> {
            /// Reads it, in any case.
            pub fn parse(text: &'a str) -> Self {
                Self::known(text.as_bytes()).unwrap_or(Self::Other(text))
            }

            fn known(text: &[u8]) -> Option<Self> {
                match text {
                    $(_ if text.eq_ignore_ascii_case($text.as_bytes()) => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Its text, with its backslash.
            pub fn as_str(&self) -> &'a str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Other(text) => text,
                }
            }
        }
    };
}

attributes! {
    /// There are and will be no mailboxes below it.
    NoInferiors "\\Noinferiors";
    /// It cannot be selected.
    NoSelect "\\Noselect";
    /// It does not exist, but there may be some below it. RFC 5258
    NonExistent "\\NonExistent";
    /// There is something new in it.
    Marked "\\Marked";
    /// There is nothing new in it.
    Unmarked "\\Unmarked";
    /// There are mailboxes below it. RFC 3348
    HasChildren "\\HasChildren";
    /// There are none below it. RFC 3348
    HasNoChildren "\\HasNoChildren";
    /// It is subscribed. RFC 5258
    Subscribed "\\Subscribed";
    /// It is on another server. RFC 5258
    Remote "\\Remote";
    /// It holds all messages. RFC 6154
    All "\\All";
    /// Messages are archived in it. RFC 6154
    Archive "\\Archive";
    /// It holds drafts. RFC 6154
    Drafts "\\Drafts";
    /// It holds all flagged messages. RFC 6154
    Flagged "\\Flagged";
    /// It holds junk. RFC 6154
    Junk "\\Junk";
    /// It holds what was sent. RFC 6154
    Sent "\\Sent";
    /// It holds what was deleted. RFC 6154
    Trash "\\Trash";
    /// It holds what seems important. RFC 8457
    Important "\\Important";
}

impl<'a> MailboxList<'a> {
    /// ```abnf
    /// mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox
    ///                [SP mbox-list-extended]
    /// ```
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let attributes = Items::read_list(cursor)?;
        cursor.space()?;
        let delimiter = read_delimiter(cursor)?;
        cursor.space()?;
        let mailbox = cursor.astring()?;
        let mut extended: &[u8] = &[];
        let mut ahead = *cursor;
        if ahead.try_byte(b' ') && ahead.peek() == Some(b'(') {
            cursor.space()?;
            extended = read_extended(cursor)?;
        }
        Ok(Self { attributes, delimiter, mailbox, extended })
    }

    pub(crate) fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        self.attributes.write_list(wire)?;
        wire.push(b' ');
        write_delimiter(self.delimiter, wire)?;
        wire.push(b' ');
        self.mailbox.write(wire)?;
        if !self.extended.is_empty() {
            wire.push(b' ');
            let start = wire.len();
            wire.push(b'(');
            wire.extend_from_slice(self.extended);
            wire.push(b')');
            let mut cursor = Cursor::new(&wire[start..], Quirks::default());
            if read_extended(&mut cursor) != Ok(self.extended) || !cursor.is_empty() {
                return Err(Misuse::Argument("the extended data would not be read as such"));
            }
        }
        Ok(())
    }
}

/// ```abnf
/// mbox-list-extended      = "(" [mbox-list-extended-item *(SP mbox-list-extended-item)] ")"
/// mbox-list-extended-item = mbox-list-extended-item-tag SP tagged-ext-val
/// ```
fn read_extended<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], ParseError> {
    cursor.byte(b'(', "extended data")?;
    let before = *cursor;
    while !matches!(cursor.peek(), Some(b')') | None) {
        cursor.astring()?;
        cursor.space()?;
        cursor.value()?;
        if cursor.peek() != Some(b')') {
            cursor.space()?;
        }
    }
    let extended = cursor.since(&before);
    cursor.byte(b')', "the end of the extended data")?;
    Ok(extended)
}

/// ```abnf
/// DQUOTE QUOTED-CHAR DQUOTE / nil
/// ```
pub(super) fn read_delimiter(cursor: &mut Cursor<'_>) -> Result<Option<u8>, ParseError> {
    let before = *cursor;
    let Some(text) = cursor.nstring()? else { return Ok(None) };
    let mut octets = text.octets();
    match (octets.next(), octets.next()) {
        (Some(octet), None) if octet.is_ascii() => Ok(Some(octet)),
        (None, _) => {
            cursor.overlook(Quirk::NilValue)?;
            Ok(None)
        }
        _ => before.fault("one octet"),
    }
}

pub(super) fn write_delimiter(delimiter: Option<u8>, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    match delimiter {
        None => wire.extend_from_slice(b"NIL"),
        Some(b'\r' | b'\n' | 0 | 0x80..) => {
            return Err(Misuse::Argument("a delimiter that cannot stand in quotes"));
        }
        Some(octet) => Text::new(&[octet]).write(wire)?,
    }
    Ok(())
}

impl<'a> Wire<'a> for Attribute<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        read_known(cursor, Self::known).map_or_else(|| read_flag(cursor).map(Self::Other), Ok)
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        let start = wire.len();
        wire.extend_from_slice(self.as_str().as_bytes());
        let mut cursor = Cursor::new(&wire[start..], Quirks::default());
        match read_flag(&mut cursor).is_ok() && cursor.is_empty() {
            true => Ok(()),
            false => Err(Misuse::Argument("an attribute is no atom")),
        }
    }
}

/// `["\"] atom`, or `\*`.
pub(super) fn read_flag<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, ParseError> {
    let before = *cursor;
    match core::str::from_utf8(take_flag(cursor)?) {
        Ok(flag) if flag.is_ascii() => Ok(flag),
        _ => before.fault("a flag"),
    }
}

/// The same, if it is known; takes nothing otherwise.
pub(super) fn read_known<'a, T>(
    cursor: &mut Cursor<'a>,
    known: impl Fn(&[u8]) -> Option<T>,
) -> Option<T> {
    let mut ahead = *cursor;
    let flag = take_flag(&mut ahead).ok().and_then(known)?;
    *cursor = ahead;
    Some(flag)
}

/// The same, of any octets.
fn take_flag<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], ParseError> {
    let before = *cursor;
    if !(cursor.try_byte(b'\\') && cursor.try_byte(b'*')) {
        cursor.word()?;
    }
    Ok(cursor.since(&before))
}

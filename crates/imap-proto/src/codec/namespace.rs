//! NAMESPACE.

use super::{
    Cursor, Items, ParseError, Quirks, Text,
    items::Wire,
    list::{read_delimiter, write_delimiter},
};
use crate::Misuse;
use alloc::vec::Vec;

/// The namespaces of a server. RFC 2342 5
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Namespaces<'a> {
    /// The user's own.
    pub personal: Items<'a, Namespace<'a>>,
    /// Other users'.
    pub others: Items<'a, Namespace<'a>>,
    /// Shared ones.
    pub shared: Items<'a, Namespace<'a>>,
}

/// A namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Namespace<'a> {
    /// What its mailbox names begin with, as it stands on the wire (see
    /// [`MailboxList::mailbox`](super::MailboxList)).
    pub prefix: Text<'a>,
    /// What separates the levels of a name, if there are levels.
    pub delimiter: Option<u8>,
    /// Extensions, as they came: each a space, a string, a space and a list.
    pub extensions: &'a [u8],
}

impl<'a> Namespaces<'a> {
    /// ```abnf
    /// namespace-response = "NAMESPACE" SP namespace SP namespace SP namespace
    /// namespace          = nil / "(" 1*namespace-descr ")"
    /// ```
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let personal = Items::read_list_or_nil(cursor)?;
        cursor.space()?;
        let others = Items::read_list_or_nil(cursor)?;
        cursor.space()?;
        Ok(Self { personal, others, shared: Items::read_list_or_nil(cursor)? })
    }

    pub(crate) fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        self.personal.write_list_or_nil(wire)?;
        wire.push(b' ');
        self.others.write_list_or_nil(wire)?;
        wire.push(b' ');
        self.shared.write_list_or_nil(wire)
    }
}

/// ```abnf
/// namespace-descr = "(" string SP (DQUOTE QUOTED-CHAR DQUOTE / nil)
///                   [namespace-response-extensions] ")"
/// namespace-response-extension = SP string SP "(" string *(SP string) ")"
/// ```
impl<'a> Wire<'a> for Namespace<'a> {
    const SEPARATOR: &'static [u8] = b"";

    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        cursor.byte(b'(', "a namespace")?;
        cursor.no_space()?;
        let prefix = cursor.string_or_nil()?;
        cursor.space()?;
        let delimiter = read_delimiter(cursor)?;
        let before = *cursor;
        while cursor.peek() == Some(b' ') {
            cursor.space()?;
            cursor.string()?;
            cursor.space()?;
            cursor.value()?;
        }
        let extensions = cursor.since(&before);
        cursor.byte(b')', "the end of the namespace")?;
        Ok(Self { prefix, delimiter, extensions })
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        wire.push(b'(');
        self.prefix.write(wire)?;
        wire.push(b' ');
        write_delimiter(self.delimiter, wire)?;
        let start = wire.len();
        wire.extend_from_slice(self.extensions);
        wire.push(b')');
        let mut cursor = Cursor::new(&wire[start..], Quirks::default());
        while cursor.try_byte(b' ') {
            let read = cursor.string().and_then(|_| cursor.space()).and_then(|()| cursor.value());
            if read.is_err() {
                return Err(Misuse::Argument(
                    "the extensions of a namespace would not be read as such",
                ));
            }
        }
        match cursor.rest() == b")" {
            true => Ok(()),
            false => {
                Err(Misuse::Argument("the extensions of a namespace would not be read as such"))
            }
        }
    }
}

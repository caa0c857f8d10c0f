//! STATUS responses.

use super::{Cursor, Items, ParseError, Text, items::Wire, put_name, put_number};
use crate::Misuse;
use alloc::vec::Vec;

/// How a mailbox stands that need not be selected. RFC 3501 7.2.4
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct MailboxStatus<'a> {
    /// Its name, as it stands on the wire: in modified UTF-7, or in UTF-8 if that is enabled.
    pub mailbox: Text<'a>,
    /// What is told of it.
    pub data: Items<'a, StatusData<'a>>,
}

macro_rules! status_data {
    ($($(#[$doc:meta])* $name:ident $kind:ty, $text:literal, $read:ident;)*) => {
        /// Something that STATUS tells of a mailbox.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum StatusData<'a> {
            $($(#[$doc])* $name($kind),)*
            /// Anything else: its name, and its value as it came.
            Other {
                /// Its name.
                name: &'a str,
                /// Its value.
                value: &'a [u8],
            },
        }

        /// Something that STATUS asks for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum StatusItem {
            $($(#[$doc])* $name,)*
        }

        /// ```abnf
        /// status-att = "MESSAGES" / "RECENT" / "UIDNEXT" / "UIDVALIDITY" / "UNSEEN"
        /// ```
        impl<'a> Wire<'a> for StatusItem {
            fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
                let start = *cursor;
                let name = cursor.name()?;
                match name {
                    $(_ if name.eq_ignore_ascii_case($text) => Ok(Self::$name),)*
                    _ => start.fault("an item of a mailbox's status"),
                }
            }

            fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
                let name = match self {
                    $(Self::$name => $text,)*
                };
                put_name(name, wire)
            }
        }

        /// ```abnf
        /// status-att-val = ("MESSAGES" SP number) / ("UIDNEXT" SP nz-number) / …
        /// ```
        impl<'a> Wire<'a> for StatusData<'a> {
            fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
                let name = cursor.name()?;
                cursor.space()?;
                Ok(match name {
                    $(_ if name.eq_ignore_ascii_case($text) => Self::$name(cursor.$read()?),)*
                    _ => Self::Other { name, value: cursor.value()? },
                })
            }

            fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
                let (name, n) = match self {
                    $(Self::$name(n) => ($text, u64::from(*n)),)*
                    Self::Other { name, value } => {
                        put_name(name, wire)?;
                        wire.push(b' ');
                        return super::put_value(value, wire);
                    }
                };
                put_name(name, wire)?;
                wire.push(b' ');
                put_number(wire, n);
                Ok(())
            }
        }
    };
}

status_data! {
    /// Its messages.
    Messages u32, "MESSAGES", number;
    /// Those that no session has seen before.
    Recent u32, "RECENT", number;
    /// The UID that the next message will have, or a higher one.
    UidNext u32, "UIDNEXT", number;
    /// The validity of its UIDs.
    UidValidity u32, "UIDVALIDITY", number;
    /// Those without `\Seen`.
    Unseen u32, "UNSEEN", number;
    /// Those with `\Deleted`. RFC 9051
    Deleted u32, "DELETED", number;
    /// Octets of all of them. RFC 8438
    Size u64, "SIZE", number64;
    /// The highest modification sequence. RFC 7162
    HighestModSeq u64, "HIGHESTMODSEQ", number64;
}

impl<'a> MailboxStatus<'a> {
    /// ```abnf
    /// "STATUS" SP mailbox SP "(" [status-att-list] ")"
    /// ```
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let mailbox = cursor.astring()?;
        cursor.space()?;
        Ok(Self { mailbox, data: Items::read_list(cursor)? })
    }

    pub(crate) fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        self.mailbox.write(wire)?;
        wire.push(b' ');
        self.data.write_list(wire)
    }
}

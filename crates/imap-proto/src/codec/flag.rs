//! Flags of messages.

use super::{
    Cursor, ParseError, Quirks,
    items::Wire,
    list::{read_flag, read_known},
};
use crate::Misuse;
use alloc::vec::Vec;

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// A flag of a message. RFC 3501 2.3.2
        #[derive(Clone, Copy, Debug)]
        #[non_exhaustive]
        pub enum Flag<'a> {
            $($(#[$doc])* $name,)*
            /// Any other: with a backslash one of the server's, without one a keyword.
            Other(&'a str),
        }

        impl<'a> Flag<'a> {
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

            /// Its text, with its backslash if it has one.
            pub fn as_str(&self) -> &'a str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Other(text) => text,
                }
            }
        }
    };
}

flags! {
    /// It was read.
    Seen "\\Seen";
    /// It was answered.
    Answered "\\Answered";
    /// It is urgent, or needs attention.
    Flagged "\\Flagged";
    /// EXPUNGE will remove it.
    Deleted "\\Deleted";
    /// It is not finished.
    Draft "\\Draft";
    /// This is the first session that is told of it. No client can set it.
    Recent "\\Recent";
    /// Among the permanent flags: there can be new keywords.
    Any "\\*";
}

/// The case of letters does not matter.
impl PartialEq for Flag<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str().eq_ignore_ascii_case(other.as_str())
    }
}

impl Eq for Flag<'_> {}

/// ```abnf
/// flag-fetch = flag / obsolete-flag-recent
/// flag-perm  = flag / "\*"
/// ```
impl<'a> Wire<'a> for Flag<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        read_known(cursor, Self::known).map_or_else(|| read_flag(cursor).map(Self::Other), Ok)
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        let mut cursor = Cursor::new(self.as_str().as_bytes(), Quirks::default());
        if read_flag(&mut cursor).is_err() || !cursor.is_empty() {
            return Err(Misuse::Argument("a flag is no atom"));
        }
        wire.extend_from_slice(self.as_str().as_bytes());
        Ok(())
    }
}

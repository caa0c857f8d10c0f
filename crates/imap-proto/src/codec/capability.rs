//! CAPABILITY and ENABLED.

use super::{Cursor, ParseError, items::Wire};
use crate::Misuse;
use alloc::{string::String, vec::Vec};

/// Something that a server can do, as `IDLE` or `AUTH=PLAIN`.
#[derive(Clone, Copy, Debug)]
pub struct Capability<'a>(&'a str);

impl<'a> Capability<'a> {
    /// The capability of this name.
    pub const fn new(name: &'a str) -> Self {
        Self(name)
    }

    /// Its name, in the case it came in.
    pub fn as_str(&self) -> &'a str {
        self.0
    }

    /// The SASL mechanism that it stands for, if it is one.
    pub fn mechanism(&self) -> Option<&'a str> {
        let (name, value) = self.0.split_at_checked(5)?;
        name.eq_ignore_ascii_case("AUTH=").then_some(value)
    }
}

/// The case of letters does not matter.
impl PartialEq for Capability<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for Capability<'_> {}

/// ```abnf
/// capability = ("AUTH=" auth-type) / atom
/// ```
impl<'a> Wire<'a> for Capability<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        cursor.name().map(Self)
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        super::put_name(self.0, wire)
    }
}

/// All that a server can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// The names, each with a space behind it.
    names: String,
}

/// What IMAP4rev2 consists of. RFC 9051 appendix E
const REV2: [&str; 13] = [
    "NAMESPACE",
    "UNSELECT",
    "UIDPLUS",
    "ESEARCH",
    "SEARCHRES",
    "ENABLE",
    "IDLE",
    "SASL-IR",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "MOVE",
    "LITERAL-",
    "STATUS=SIZE",
];

impl Capabilities {
    /// Adds one; `false` if it has no room within `limit` octets.
    pub(crate) fn add(&mut self, capability: Capability<'_>, limit: usize) -> bool {
        let fits = self.names.len() + capability.0.len() < limit;
        if fits {
            self.names.push_str(capability.0);
            self.names.push(' ');
        }
        fits
    }

    /// Goes through them as they were told.
    pub fn iter(&self) -> impl Iterator<Item = Capability<'_>> {
        self.names.split_ascii_whitespace().map(Capability)
    }

    /// Whether the server told of this one, or of IMAP4rev2, which it belongs to.
    pub fn has(&self, name: &str) -> bool {
        let told = |name: &str| self.iter().any(|known| known == Capability(name));
        let is_part = || REV2.iter().any(|part| part.eq_ignore_ascii_case(name));
        told(name) || is_part() && told("IMAP4rev2")
    }

    /// The SASL mechanisms, in the server's order.
    pub fn mechanisms(&self) -> impl Iterator<Item = &str> {
        self.iter().filter_map(|capability| capability.mechanism())
    }
}

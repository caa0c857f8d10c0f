//! Addresses: mailboxes and groups (RFC 5322 3.4 and 4.4, RFC 6854), read tolerantly and in one pass.

use crate::error::Error;
use crate::lex::is_atext;
use crate::words;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

mod parse;
use parse::Verdict;
pub(crate) use parse::{Sink, Spelled, parse};

/// Addresses read from one field unless told otherwise.
pub const MAX_ADDRESSES: usize = 10_000;

/// One mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mailbox {
    /// The display name, decoded; or else the comment after the address, as in old mail.
    pub name: Option<String>,
    /// The part before the `@`, without quoting; empty in `<>` and where there is only a name.
    pub local: String,
    /// The part after the `@`; a literal keeps its brackets.
    pub domain: String,
}

impl Mailbox {
    /// A mailbox without a name. What cannot be written is found when it is.
    #[must_use]
    pub fn new(local: impl Into<String>, domain: impl Into<String>) -> Self {
        Self { name: None, local: local.into(), domain: domain.into() }
    }

    /// The same mailbox with a display name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// `local@domain` as it is written, the local part quoted where it must be.
    #[must_use]
    pub fn addr_spec(&self) -> String {
        let mut text = String::with_capacity(self.local.len() + self.domain.len() + 1);
        // In quotes nobody takes it for an encoded word.
        if is_dot_atom(&self.local) && !self.local.contains("=?") {
            text.push_str(&self.local);
        } else {
            quote(&self.local, &mut text);
        }
        text.push('@');
        text.push_str(&self.domain);
        text
    }
}

impl FromStr for Mailbox {
    type Err = Error;

    /// Reads exactly one mailbox, by the grammar of RFC 5322 with its obsolete forms.
    fn from_str(text: &str) -> Result<Self, Error> {
        let list = AddressList::parse(text.as_bytes());
        match <[Address; 1]>::try_from(list.addresses) {
            Ok([Address::Mailbox(mailbox)]) if list.sound => Ok(mailbox),
            _ => Err(Error::Address),
        }
    }
}

impl fmt::Display for Mailbox {
    /// For people: `Ana <ana@a.org>`. Header fields are written by [`crate::Header`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.addr_spec()),
            None => f.write_str(&self.addr_spec()),
        }
    }
}

/// One element of an address list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A mailbox.
    Mailbox(Mailbox),
    /// A group, perhaps empty.
    Group {
        /// The name before the colon, decoded.
        name: String,
        /// The mailboxes up to the semicolon.
        members: Vec<Mailbox>,
    },
}

impl From<Mailbox> for Address {
    fn from(mailbox: Mailbox) -> Self {
        Self::Mailbox(mailbox)
    }
}

/// What an address field says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressList {
    /// Mailboxes and groups in document order.
    pub addresses: Vec<Address>,
    /// The value follows the grammar, obsolete forms included.
    pub sound: bool,
    /// There were more than the limit.
    pub truncated: bool,
}

impl AddressList {
    /// Reads a field value, up to [`MAX_ADDRESSES`] addresses. Anything gives a list.
    #[must_use]
    pub fn parse(value: &[u8]) -> Self {
        Self::with_limit(value, MAX_ADDRESSES)
    }

    /// Reads a field value, up to `limit` mailboxes and groups together.
    #[must_use]
    pub fn with_limit(value: &[u8], limit: usize) -> Self {
        let mut decoded = Decoded::default();
        let Verdict { sound, truncated } = parse(value, limit, &mut decoded);
        let addresses = decoded.addresses;
        Self { sound: sound && !addresses.is_empty(), addresses, truncated }
    }

    /// All mailboxes, those of groups too.
    pub fn mailboxes(&self) -> impl Iterator<Item = &Mailbox> {
        self.addresses.iter().flat_map(|address| match address {
            Address::Mailbox(mailbox) => core::slice::from_ref(mailbox),
            Address::Group { members, .. } => members,
        })
    }
}

/// Collects addresses with their text decoded.
#[derive(Default)]
struct Decoded {
    addresses: Vec<Address>,
    group: Option<(String, Vec<Mailbox>)>,
}

impl Sink for Decoded {
    fn mailbox(&mut self, Spelled { phrase, comment, local, domain, .. }: Spelled<'_>) {
        let shown = |name: Cow<'_, [u8]>| Some(decode(&name)).filter(|name| !name.is_empty());
        let name = shown(phrase).or_else(|| comment.and_then(shown));
        let mailbox = Mailbox { name, local: text(&local), domain: text(&domain) };
        match &mut self.group {
            Some((_, members)) => members.push(mailbox),
            None => self.addresses.push(Address::Mailbox(mailbox)),
        }
    }

    fn group(&mut self, name: &[u8]) {
        self.group = Some((decode(name), Vec::new()));
    }

    fn end(&mut self) {
        if let Some((name, members)) = self.group.take() {
            self.addresses.push(Address::Group { name, members });
        }
    }
}

/// A name as it is shown. Blanks may stand at its ends in an encoded word.
fn decode(phrase: &[u8]) -> String {
    words::decode(phrase).trim_matches([' ', '\t']).into()
}

fn text(bytes: &[u8]) -> String {
    crate::charset::guess(bytes).into_owned()
}

/// Whether `text` can stand unquoted as a local part or as a domain.
// RFC 5322 3.2.3: dot-atom-text = 1*atext *("." 1*atext)
pub(crate) fn is_dot_atom(text: &str) -> bool {
    text.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

/// Writes `text` as a quoted string.
pub(crate) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

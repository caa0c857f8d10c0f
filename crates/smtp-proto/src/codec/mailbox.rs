use super::{Address, ParseError, Path, Result};
use alloc::{boxed::Box, string::String};
use core::{fmt, str::FromStr};

/// A valid mail address, owned. See [`Address`], the borrowed kind, for what valid means.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mailbox {
    text: Box<str>,
    at: usize,
}

impl Mailbox {
    /// Checks an address without angle brackets.
    ///
    /// # Errors
    /// It is not an address.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text: String = text.into();
        let at = Address::new(&text)?.at();
        Ok(Self { text: text.into_boxed_str(), at })
    }

    /// The address, borrowed: its parts are there.
    pub fn as_address(&self) -> Address<'_> {
        Address::from_parts(&self.text, self.at)
    }

    /// The path with this address.
    pub fn as_path(&self) -> Path<'_> {
        Path::Mailbox(self.as_address())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl From<Address<'_>> for Mailbox {
    fn from(address: Address<'_>) -> Self {
        Self { text: address.as_str().into(), at: address.at() }
    }
}

impl FromStr for Mailbox {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self> {
        Address::new(text).map(Self::from)
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.text)
    }
}

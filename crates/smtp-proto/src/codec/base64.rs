use core::{fmt, ops::Deref};
use posta_core::is_base64;

/// BASE64 text of an AUTH exchange. It is likely to be a secret, so `Debug` does not print it.
///
/// This crate only checks the alphabet and the padding; what it means is for a SASL implementation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Base64<'a>(&'a str);

impl<'a> Base64<'a> {
    /// `None` if `text` has an octet outside the alphabet, padding anywhere but at its end, or a length
    /// that is no multiple of four. Empty text is valid.
    pub fn new(text: &'a str) -> Option<Self> {
        is_base64(text.as_bytes()).then_some(Self(text))
    }

    pub(crate) fn from_octets(text: &'a [u8]) -> Option<Self> {
        Self::new(core::str::from_utf8(text).ok()?)
    }

    /// The text.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

impl Deref for Base64<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl fmt::Debug for Base64<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Base64(..)")
    }
}

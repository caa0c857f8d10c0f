use alloc::{string::String, vec::Vec};
use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Octets that nobody may see: wiped when dropped, compared in constant time, `***` in `Debug`.
///
/// The memory that a [`String`] or [`Vec`] handed over used is wiped too, not what it grew out of
/// earlier.
///
/// ```
/// use posta_sasl::Secret;
///
/// let password = Secret::from("pencil");
/// assert_eq!(format!("{password:?}"), "***");
/// assert_eq!(password.expose(), b"pencil");
/// ```
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// The octets themselves.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The octets as text, if they are UTF-8; what [`base64`](crate::base64) has encoded always is.
    pub fn text(&self) -> Option<&str> {
        core::str::from_utf8(&self.0).ok()
    }

    /// How many octets.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The octets of `parts` in a row, in memory that never had to grow.
    pub(crate) fn concat(parts: &[&[u8]]) -> Self {
        let mut all = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        parts.iter().for_each(|part| all.extend_from_slice(part));
        all.into()
    }

    /// Each octet of `self` XOR its neighbour in `other`, as far as both go.
    pub(crate) fn xor(&self, other: &[u8]) -> Self {
        self.0.iter().zip(other).map(|(a, b)| a ^ b).collect::<Vec<u8>>().into()
    }
}

/// Takes as long as the shorter of the two, whatever is in them.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

impl From<Vec<u8>> for Secret {
    fn from(octets: Vec<u8>) -> Self {
        Self(Zeroizing::new(octets))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<&[u8]> for Secret {
    fn from(octets: &[u8]) -> Self {
        octets.to_vec().into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

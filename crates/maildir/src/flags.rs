use std::{
    fmt,
    ops::{BitOr, BitOrAssign, Sub},
};

/// The flags of a message: a set of characters, of which six have a meaning everywhere.
///
/// The lower-case letters are keywords: [`Keywords`](crate::Keywords) says what they stand for in a folder.
/// What others put there is kept.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags(u128);

impl Flags {
    /// `D`: a draft.
    pub const DRAFT: Self = Self::one(b'D');
    /// `F`: marked for attention.
    pub const FLAGGED: Self = Self::one(b'F');
    /// `P`: passed on: resent, forwarded or bounced.
    pub const PASSED: Self = Self::one(b'P');
    /// `R`: replied to.
    pub const REPLIED: Self = Self::one(b'R');
    /// `S`: seen.
    pub const SEEN: Self = Self::one(b'S');
    /// `T`: marked for removal.
    pub const TRASHED: Self = Self::one(b'T');

    const fn one(ascii: u8) -> Self {
        Self(1 << ascii)
    }

    /// The flag that stands for a character; `None` for one that cannot stand in a file name's flags.
    pub fn from_char(flag: char) -> Option<Self> {
        let fits = flag.is_ascii_graphic() && !matches!(flag, ',' | ':' | '/' | '\\');
        fits.then(|| Self::one(flag as u8))
    }

    /// Whether all of `other` are among these.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These without the letters of keywords.
    pub(crate) fn without_letters(self) -> Self {
        self.chars().filter(|flag| !flag.is_ascii_lowercase()).collect()
    }

    /// Their characters in ASCII order, as they stand in file names.
    pub fn chars(self) -> impl Iterator<Item = char> {
        (0..128u8).filter(move |ascii| self.0 & (1 << ascii) != 0).map(char::from)
    }
}

/// The union.
impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

/// What is left without the others.
impl Sub for Flags {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// Characters that cannot be flags are left out.
impl FromIterator<char> for Flags {
    fn from_iter<I: IntoIterator<Item = char>>(chars: I) -> Self {
        chars.into_iter().filter_map(Self::from_char).fold(Self::default(), BitOr::bitor)
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chars().try_for_each(|flag| fmt::Write::write_char(f, flag))
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flags({self})")
    }
}

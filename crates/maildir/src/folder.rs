use std::{fmt, str::FromStr};

/// The longest name of a folder, in octets.
const MAX_NAME: usize = 200;

/// The name of a folder below the main one: parts with `.` between them, as in `Archive.2026`. It is as it
/// stands on the disk and in IMAP: what is not ASCII is in modified UTF-7 there.
///
/// No name leads outside of the Maildir: a part is not empty, and holds no `/`, no `\`, no `.` and no control
/// character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FolderName(String);

/// Why a folder cannot be called that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FolderNameError {
    /// A part has nothing in it: two dots in a row, or one at an end.
    #[error("a part of the folder name is empty")]
    EmptyPart,
    /// It has a character that a name cannot have.
    #[error("{0:?} cannot stand in a folder name")]
    Character(char),
    /// It is longer than 200 octets.
    #[error("the folder name is longer than {MAX_NAME} octets")]
    TooLong,
}

impl FolderName {
    /// Makes a name of parts, which must not have dots.
    ///
    /// # Errors
    /// A part is empty or holds a character that cannot be in a name, or all is too long.
    pub fn from_parts(parts: &[&str]) -> Result<Self, FolderNameError> {
        if parts.iter().any(|part| part.contains('.')) {
            return Err(FolderNameError::Character('.'));
        }
        parts.join(".").parse()
    }

    /// The parts, from the outermost on.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }

    /// The name with dots.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as people read it, if it is in modified UTF-7; otherwise as it is.
    pub fn to_text(&self) -> String {
        posta_core::utf7::decode(&self.0).unwrap_or_else(|| self.0.clone())
    }

    /// Whether it is a folder below this one.
    pub fn is_below(&self, other: &Self) -> bool {
        self.0.strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with('.'))
    }

    /// The name that this folder, or one below it, has once `from` is called `to`.
    pub(crate) fn renamed(&self, from: &Self, to: &Self) -> Result<Self, FolderNameError> {
        let rest = self.0.strip_prefix(from.as_str()).unwrap_or_default();
        format!("{to}{rest}").parse()
    }

    /// The folder on disk.
    pub(crate) fn directory(&self) -> String {
        format!(".{}", self.0)
    }

    /// The name of a folder on disk, if it is one of ours.
    pub(crate) fn from_directory(name: &str) -> Option<Self> {
        name.strip_prefix('.')?.parse().ok()
    }
}

impl FromStr for FolderName {
    type Err = FolderNameError;

    fn from_str(name: &str) -> Result<Self, FolderNameError> {
        let bad = |c: char| matches!(c, '/' | '\\') || c.is_control();
        if name.len() > MAX_NAME {
            Err(FolderNameError::TooLong)
        } else if let Some(c) = name.chars().find(|c| bad(*c)) {
            Err(FolderNameError::Character(c))
        } else if name.split('.').any(str::is_empty) {
            Err(FolderNameError::EmptyPart)
        } else {
            Ok(Self(name.to_owned()))
        }
    }
}

impl fmt::Display for FolderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

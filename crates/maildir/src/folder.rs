use posta_core::utf7;
use std::{fmt, str::FromStr};

/// The longest name of a folder, in octets.
const MAX_NAME: usize = 200;

/// The name of a folder below the main one: parts with `.` between them, as in `Archive.2026`.
///
/// A name has two forms. On disk, in [`FromStr`], in [`Display`](fmt::Display) and in all methods that do not
/// say otherwise it is in modified UTF-7, as IMAP4rev1 and Dovecot have it; [`text`](Self::text) and
/// [`from_text`](Self::from_text) are for people and for IMAP with UTF-8. Both ways lead back, so that no two
/// names look the same.
///
/// No name leads outside of the Maildir: a part is not empty, and holds in neither form a `/`, a `\`, a `.`
/// or a control character.
///
/// ```
/// use maildir::FolderName;
///
/// let name = FolderName::from_text("Entwürfe.2026")?;
/// assert_eq!(name.as_str(), "Entw&APw-rfe.2026");
/// assert_eq!("Entw&APw-rfe.2026".parse::<FolderName>()?.text(), "Entwürfe.2026");
/// # Ok::<(), maildir::FolderNameError>(())
/// ```
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
    /// It is longer than 200 octets on disk.
    #[error("the folder name is longer than {MAX_NAME} octets")]
    TooLong,
    /// It is not in modified UTF-7, or not in the one form that a name has in it.
    #[error("the folder name is not in modified UTF-7")]
    NotUtf7,
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

    /// Makes a name of what people call it, with dots between the parts.
    ///
    /// # Errors
    /// A part is empty or holds a character that cannot be in a name, or all is too long.
    pub fn from_text(name: &str) -> Result<Self, FolderNameError> {
        // What is longer than this is longer on disk.
        if name.len() > 2 * MAX_NAME {
            return Err(FolderNameError::TooLong);
        }
        utf7::encode(name).parse()
    }

    /// What people call it.
    pub fn text(&self) -> String {
        // It was looked at when the name was made.
        utf7::decode(&self.0).unwrap_or_default()
    }

    /// The parts, from the outermost on.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }

    /// The name with dots.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is called once `from` is called `to`; `None` if it is neither that folder nor below it.
    ///
    /// # Errors
    /// The name would be too long.
    pub fn renamed(&self, from: &Self, to: &Self) -> Option<Result<Self, FolderNameError>> {
        match self.below(from) {
            Some(rest) => Some(format!("{}.{rest}", to.as_str()).parse()),
            None => (self == from).then(|| Ok(to.clone())),
        }
    }

    /// What this is called below another folder; `None` if it is not below that.
    pub(crate) fn below(&self, above: &Self) -> Option<&str> {
        self.0.strip_prefix(&above.0)?.strip_prefix('.')
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
        if name.len() > MAX_NAME {
            return Err(FolderNameError::TooLong);
        }
        let bad = |c: &char| matches!(c, '/' | '\\') || c.is_control();
        if let Some(c) = name.chars().find(bad) {
            return Err(FolderNameError::Character(c));
        }
        // Printable ASCII is never hidden in BASE64, but control characters are: RFC 3501 5.1.3.
        let text = utf7::decode(name).ok_or(FolderNameError::NotUtf7)?;
        match text.chars().find(bad) {
            Some(c) => Err(FolderNameError::Character(c)),
            None if name.split('.').any(str::is_empty) => Err(FolderNameError::EmptyPart),
            None => Ok(Self(name.to_owned())),
        }
    }
}

impl fmt::Display for FolderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
